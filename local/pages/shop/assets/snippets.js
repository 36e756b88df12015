// What developers copy: the calls of this page, for curl and for a page of their own.

import { copy } from "./texts.js";

/** Fills in the part for developers. */
export function snippets({ serverURL, appId, appKey, virtualPhone }) {
  const fill = (id, content) => {
    document.getElementById(id).textContent = content;
  };
  fill("server-url", serverURL);
  fill("app-id", appId);
  fill("app-key", appKey);
  const app = `-H 'X-LC-Id: ${appId}' -H 'X-LC-Key: ${appKey}'`;
  const post = `${app} -H 'Content-Type: application/json'`;
  fill("curl", send(serverURL, post));
  fill("curl-captcha", captcha({ serverURL, appId, app, post, virtualPhone }));
  fill("work-code", work(serverURL, appId, appKey));
  for (const button of document.querySelectorAll("[data-copy]")) {
    const code = document.getElementById(button.dataset.copy);
    button.addEventListener("click", () => copy(button, code.textContent));
  }
}

function send(serverURL, post) {
  return `curl -X POST ${serverURL}/1.1/requestSmsCode \\
  ${post} \\
  -d '{"mobilePhoneNumber": "18612345678"}'`;
}

// The local stack tells the answer; elsewhere a person opens captcha_url.
function captcha({ serverURL, appId, app, post, virtualPhone }) {
  const value = (name) => `sed 's/.*"${name}":"\\([^"]*\\)".*/\\1/'`;
  const answer = virtualPhone
    ? `answer=$(curl -s "${serverURL}/local/captcha?appId=${appId}&token=$token" \\
  | ${value("written")})`
    : `echo "$captcha"; read answer`;
  return `captcha=$(curl -s ${serverURL}/1.1/requestCaptcha \\
  ${app})
token=$(echo "$captcha" | ${value("captcha_token")})
${answer}
proof=$(curl -s ${serverURL}/1.1/verifyCaptcha \\
  ${post} \\
  -d "{\\"captcha_token\\": \\"$token\\", \\"captcha_code\\": \\"$answer\\"}" \\
  | ${value("validate_token")})
curl ${serverURL}/1.1/requestSmsCode \\
  ${post} \\
  -d "{\\"mobilePhoneNumber\\": \\"18612345679\\", \\"validate_token\\": \\"$proof\\"}"`;
}

function work(serverURL, appId, appKey) {
  return `<script src="${serverURL}/1.1/proofOfWork.js"></script>
<script type="module">
  const validate_token = await SignetProofOfWork.solve({
    appId: "${appId}", appKey: "${appKey}",
  });
  await AV.Cloud.requestSmsCode({ mobilePhoneNumber: "18612345678", validate_token });
</script>`;
}
