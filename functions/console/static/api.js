// The console's API: one way to call it and one shape of failure.

const ROOT = new URL("./api/", import.meta.url);

/** Where the service itself answers, under whatever path it is deployed. */
export const SERVER = new URL("..", import.meta.url).href.replace(/\/$/, "");

/** A refusal. `code` is Signet's number, -1 when nobody answered. */
export class ApiError extends Error {
  constructor(code, message, { status = 0, retryAfter = null, findings = null } = {}) {
    super(message);
    this.code = code;
    this.status = status;
    this.retryAfter = retryAfter; // seconds, or null
    this.findings = findings;
  }
}

let csrfToken = null;
let sessionLost = () => {};

/** Calls back when a call is refused because the session is over. */
export function onSessionLost(callback) {
  sessionLost = callback;
}

/** The session that the cookie stands for, or null. */
export async function currentSession() {
  try {
    return entered(await call("GET", ["session"]));
  } catch (error) {
    if (error.status === 401) return null;
    throw error;
  }
}

/** Signs in; rejects with an ApiError. */
export async function signIn(credentials) {
  return entered(await call("POST", ["session"], { body: credentials }));
}

export async function signOut() {
  await call("DELETE", ["session"]);
  csrfToken = null;
}

/** The reply's JSON. `path` is a list of segments; they are encoded here and nowhere else. */
export async function call(method, path, options = {}) {
  const reply = await send(method, path, options);
  const body = await reply.text();
  return body ? JSON.parse(body) : {};
}

export function get(path, options) {
  return call("GET", path, options);
}

/** A list with all of its pages, for where a part would mislead. */
export async function getAll(path, { signal } = {}) {
  const whole = await get(path, { query: { limit: 100 }, signal });
  for (let { cursor } = whole; cursor;) {
    const page = await get(path, { query: { limit: 100, cursor }, signal });
    whole.items.push(...page.items);
    ({ cursor } = page);
  }
  return whole;
}

/** The reply itself, for what is not JSON. Rejects with an ApiError. */
export async function send(method, path, { query, body, headers, signal } = {}) {
  const url = new URL(path.map(encodeURIComponent).join("/"), ROOT);
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== null && value !== undefined && value !== "") url.searchParams.set(name, value);
  }
  const request = { method, signal, headers: { ...headers }, credentials: "same-origin" };
  if (method !== "GET" && csrfToken) request.headers["X-CSRF-Token"] = csrfToken;
  if (body !== undefined) {
    request.headers["Content-Type"] = "application/json";
    request.body = JSON.stringify(body);
  }
  const reply = await answered(url, request);
  if (reply.ok) return reply;
  const error = await refusal(reply);
  if (error.status === 401 && path[0] !== "session") sessionLost();
  throw error;
}

function entered(session) {
  csrfToken = session.csrf_token;
  return session;
}

async function answered(url, request) {
  try {
    return await fetch(url, request);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(-1, error.message);
  }
}

async function refusal(reply) {
  // A proxy on the way may answer with a page of its own.
  const said = await reply.json().catch(() => ({}));
  const retryAfter = said.retry_after ?? reply.headers.get("Retry-After");
  return new ApiError(said.code ?? reply.status, said.error ?? reply.statusText, {
    status: reply.status,
    retryAfter: retryAfter === null ? null : Number(retryAfter),
    findings: said.findings ?? null,
  });
}
