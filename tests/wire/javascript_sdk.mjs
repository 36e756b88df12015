// Runs calls of the unmodified JavaScript SDK and prints what an app would see, one JSON line each.
// node javascript_sdk.mjs <serverURL> <appId> <appKey> '[["requestSmsCode", …arguments], …]' [<masterKey>]
import AV from "leancloud-storage";

const [serverURL, appId, appKey, calls, masterKey] = process.argv.slice(2);
AV.init({ appId, appKey, serverURL, masterKey });
if (masterKey) AV.Cloud.useMasterKey();

for (const [name, ...values] of JSON.parse(calls)) {
  let outcome;
  try {
    const value = await AV.Cloud[name](...values);
    outcome = { value: value === undefined ? null : value };
  } catch (error) {
    outcome = { code: error.code, message: error.rawMessage ?? error.message, retryAfter: error.retry_after };
  }
  console.log(JSON.stringify(outcome));
}
