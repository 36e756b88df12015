"""POST /1.1/verifySmsCode/{code}: use up a code that requestSmsCode sent.

The phone is in the body or in the query (wire.md 7.2). Answers 200 `{}` once per code; 603 for
wrong, expired, replaced or used ones, 119, 127, 212 and 401 before a guess is counted.
"""

from signet import phones as numbers
from signet.codes import Purpose, Subject
from signet.edge import clock, http
from signet.errors import FeatureDisabled
from signet.flows import verifying
from signet.flows.verify_code import verify_code
from signet.store import apps


def verify_sms_code(call: http.Call) -> http.Body:
    now = clock.now()
    caller = http.authenticate(call, apps.get, now=now)
    if not caller.app.switches.generic_sms:
        raise FeatureDisabled
    phone = numbers.parse(call.fields.get("mobilePhoneNumber"))
    verify_code(
        Subject(caller.app.app_id, Purpose.SMS, phone.e164),
        call.parameters["code"],
        verifying.STORES,
        app=caller.app,
        request_id=call.request_id,
        now=now,
    )
    return {}


ROUTES = [http.Route("POST", "/1.1/verifySmsCode/{code}", verify_sms_code)]


def handler(event: http.Event, context: object) -> http.Reply:
    return http.serve(event, ROUTES)
