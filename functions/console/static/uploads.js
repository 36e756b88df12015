// A file on its way to the bucket, by a form that the service has signed.

import { ApiError } from "./api.js";

/**
 * Sends `file`; `progress(part)` is told how much of it has gone, from 0 to 1. Rejects with an
 * ApiError whose message is the bucket's word for what was wrong, such as EntityTooLarge.
 */
export function upload({ url, fields }, file, { signal, progress }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest(); // fetch tells nothing of what has gone
    request.upload.addEventListener("progress", ({ loaded, total }) => progress(loaded / total));
    request.addEventListener("load", () => {
      if (request.status < 300) resolve();
      else reject(refusal(request));
    });
    request.addEventListener("error", () => reject(new ApiError(-1, "no answer")));
    request.addEventListener("abort", () => reject(new ApiError(-1, "called off")));
    signal.addEventListener("abort", () => request.abort());
    request.open("POST", url);
    request.send(form(fields, file));
  });
}

/** The bucket ignores what comes after the file. */
function form(fields, file) {
  const made = new FormData();
  for (const [name, value] of Object.entries(fields)) made.append(name, value);
  made.append("file", file);
  return made;
}

function refusal({ status, responseText }) {
  const word = responseText.match(/<Code>(\w+)<\/Code>/)?.[1] ?? String(status);
  return new ApiError(status, word, { status });
}
