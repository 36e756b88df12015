// Runs calls of the unmodified JavaScript SDK, one JSON line each from stdin, and answers each with
// what an app would see: {"value": …}, or {"code": …, "message": …} if it threw or was rejected.
// node javascript_sdk.mjs <serverURL> <appId> <appKey> <masterKey>
// A line is ["AV.User.logIn", …arguments]; "user = AV.User.logIn" keeps the value for later lines,
// "user.save" calls a method of it, "new AV.Query" constructs, and {"$": "user"} is an argument.
import AV from "leancloud-storage";
import readline from "node:readline";

const [serverURL, appId, appKey, masterKey] = process.argv.slice(2);
AV.init({ appId, appKey, serverURL, masterKey });

// What a mini-app's runtime gives the SDK; a page of it says who is there by `miniApp.openid = …`.
const miniApp = { openid: null };
AV.setAdapters({
  getAuthInfo: async ({ platform } = {}) => ({
    authData: { openid: miniApp.openid, access_token: "t" }, platform, provider: "lc_weapp",
  }),
});

const kept = {
  AV,
  asMaster: () => AV.Cloud.useMasterKey(),
  entersMiniApp: (openid) => { miniApp.openid = openid; },
};

const given = (argument) =>
  Array.isArray(argument) ? argument.map(given)
  : argument && typeof argument === "object" ? ("$" in argument ? kept[argument.$] : argument)
  : argument;

function seen(value) {
  if (value === undefined) return null;
  if (Array.isArray(value)) return value.map(seen);
  if (!(value instanceof AV.Object)) return value;
  const { id: objectId, createdAt, updatedAt, attributes } = value;
  const sessionToken = value.getSessionToken?.() ?? null;
  return { ...JSON.parse(JSON.stringify(attributes)), objectId, createdAt, updatedAt, sessionToken };
}

async function run([expression, ...values]) {
  const [, name, constructs, path] = expression.match(/^(?:(\w+) = )?(new )?([\w.]+)$/);
  const steps = path.split(".");
  const method = steps.pop();
  const owner = steps.reduce((value, step) => value[step], kept);
  const member = steps.length ? owner[method] : kept[method];
  const called = values.map(given);
  const result = constructs ? new member(...called) : await member.apply(owner, called);
  // Whatever a query's method returns is the query again, and that must not be awaited for long.
  if (name) kept[name] = result;
  return seen(result instanceof AV.Query || constructs ? null : result);
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  let outcome;
  try {
    outcome = { value: await run(JSON.parse(line)) };
  } catch (error) {
    outcome = { code: error.code, message: error.rawMessage ?? error.message, retryAfter: error.retry_after };
  }
  console.log(JSON.stringify(outcome));
}
