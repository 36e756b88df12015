"""/1.1/users…, /1.1/login, and the calls of phone numbers: accounts, as LeanCloud has them.

Bodies and replies: wire.md 9, 10 and docs/api.md. Answers 200, or 201 for a new user; refuses
with 1, 105, 107, 117, 119, 125, 127, 137, 200 to 219, 305, 401, 403, 429, 603, and what a send is
refused with. Sign-ups come in five forms: users, classes/_User, and both inside batches.
"""

from collections.abc import Callable

from signet import accounts
from signet.edge import batch, clock, http
from signet.edge.http import Answer, Body, Call, Event, Reply, Route
from signet.errors import FeatureDisabled
from signet.flows import edit_user, find_users, log_in, phone_codes, sending, sign_up, visits
from signet.flows.visits import Visit
from signet.send_requests import SendRequest
from signet.store import apps

E_MAIL = "E-mail is not offered by this server: it verifies and resets by phone."


def account(method: str, path: str, answer: Callable[[Visit, Call], Body | Answer]) -> Route:
    """A route for whoever proves which app it is for."""

    def checked(call: Call) -> Body | Answer:
        now = clock.now()
        caller = http.authenticate(call, apps.get, now=now)
        who = sending.caller(call, caller)
        signed_at = call.credentials.signed_at if call.credentials else None
        solved = call.body.get("validate_token") if call.method in ("POST", "PUT") else None
        visit = Visit(who, now, call.session_token, call.source_ip, signed_at, solved)
        return answer(visit, call)

    return Route(method, f"/1.1/{path}", checked)


def create(visit: Visit, call: Call) -> Answer:
    only_existing = call.query.get("failOnNotExist") == "true"
    return welcomed(sign_up.sign_up(visit, call.body, only_existing=only_existing))


def by_mobile_phone(visit: Visit, call: Call) -> Answer:
    phone, code = accounts.by_mobile_phone(call.body)
    return welcomed(sign_up.by_mobile_phone(visit, call.body, phone, code))


def welcomed(welcome: sign_up.Welcome) -> Answer:
    if not welcome.is_new:
        return Answer(welcome.document)
    place = f"/1.1/classes/_User/{welcome.document['objectId']}"
    return Answer(welcome.document, 201, {"Location": place})


def logs_in(visit: Visit, call: Call) -> Body:
    # What a POST has in its query, a verification's code of `../login?…` has put there.
    fields = call.fields if call.method == "GET" else call.body
    return log_in.log_in(visit, accounts.login(fields))


def update_password(visit: Visit, call: Call) -> Body:
    old, new = accounts.passwords_of(call.body)
    return edit_user.update_password(visit, call.parameters["id"], old, new)


def does(method: str, path: str, step: Callable[[Visit, Call], object]) -> Route:
    """A route that answers `{}` when its step is done."""

    def done(visit: Visit, call: Call) -> Body:
        step(visit, call)
        return {}

    return account(method, path, done)


def sends(path: str, request: Callable[[Visit, SendRequest], None]) -> Route:
    return does("POST", path, lambda v, c: request(v, accounts.code_request(c.body)))


def verifies(visit: Visit, call: Call) -> Body:
    return phone_codes.verify_phone(visit, call.parameters["code"], call.fields)


def no_e_mail(visit: Visit, call: Call) -> None:
    raise FeatureDisabled(E_MAIL)


def resets(visit: Visit, call: Call) -> None:
    phone_codes.reset_password(visit, call.parameters["code"], call.body)


def objects(path: str) -> list[Route]:
    one = f"{path}/{{id}}"
    return [
        account("POST", path, create),
        account("GET", path, lambda v, c: find_users.find(v, c.query)),
        account("GET", one, lambda v, c: edit_user.show(v, c.parameters["id"], c.query)),
        account("PUT", one, lambda v, c: edit_user.change(v, c.parameters["id"], c.body, c.query)),
        does("DELETE", one, lambda v, c: edit_user.remove(v, c.parameters["id"])),
    ]


_REFRESH, _RESET = "users/{id}/refreshSessionToken", "resetPasswordBySmsCode/{code}"
ACCOUNTS = [
    account("GET", "users/me", lambda v, _: visits.me(v)),
    *objects("users"),
    *objects("classes/_User"),
    account("PUT", _REFRESH, lambda v, c: edit_user.refresh_session(v, c.parameters["id"])),
    account("PUT", "users/{id}/updatePassword", update_password),
    account("POST", "usersByMobilePhone", by_mobile_phone),
    *(account(method, "login", logs_in) for method in ("POST", "GET")),
    does("POST", "logout", lambda v, c: visits.log_out(v, c.fields)),
    sends("requestMobilePhoneVerify", phone_codes.request_verification),
    *(account("POST", f"{name}/{{code}}", verifies) for name in accounts.VERIFY_PHONE),
    sends("requestLoginSmsCode", phone_codes.request_login),
    sends("requestPasswordResetBySmsCode", phone_codes.request_reset),
    *(does(method, _RESET, resets) for method in ("PUT", "POST")),
    does("POST", "requestChangePhoneNumber", lambda v, c: phone_codes.request_change(v, c.body)),
    account("POST", "changePhoneNumber", lambda v, c: phone_codes.change_phone(v, c.body)),
    *(does("POST", name, no_e_mail) for name in ("requestEmailVerify", "requestPasswordReset")),
]
ROUTES = [
    *ACCOUNTS,
    account("POST", "batch", lambda _, c: batch.each(c, ACCOUNTS)),
    account("POST", "batch/save", lambda _, c: batch.saved(c, ACCOUNTS)),
]


def handler(event: Event, context: object) -> Reply:
    return http.serve(event, ROUTES)
