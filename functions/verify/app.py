"""POST /1.1/verifySmsCode/{code}: use up a code that requestSmsCode sent.

The phone is in the body or in the query (wire.md 7.2). Answers 200 `{}` once per code; 603 for
wrong, expired, replaced or used ones, 119, 127, 212 and 401 before a guess is counted.
"""

from signet import phones as numbers
from signet.codes import Purpose, Subject
from signet.edge import clock, http, secrets
from signet.errors import FeatureDisabled
from signet.flows.verify_code import Stores, verify_code
from signet.store import apps, messages, phones

stores = Stores(
    keyring=secrets.keyring,
    spend_guess=phones.spend_guess,
    spend_guess_on_test_phone=phones.spend_guess_on_test_phone,
    record_verified=messages.verified,
    mark_used=phones.mark_used,
)


def verify_sms_code(call: http.Call) -> http.Body:
    now = clock.now()
    caller = http.authenticate(call, apps.get, now=now)
    if not caller.app.switches.generic_sms:
        raise FeatureDisabled
    queried = numbers.restore_plus(call.query.get("mobilePhoneNumber", ""))
    phone = numbers.parse(call.body.get("mobilePhoneNumber") or queried)
    verify_code(
        Subject(caller.app.app_id, Purpose.SMS, phone.e164),
        call.parameters["code"],
        stores,
        app=caller.app,
        request_id=call.request_id,
        now=now,
    )
    return {}


ROUTES = [http.Route("POST", "/1.1/verifySmsCode/{code}", verify_sms_code)]


def handler(event: http.Event, context: object) -> http.Reply:
    return http.serve(event, ROUTES)
