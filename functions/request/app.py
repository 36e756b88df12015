"""POST /1.1/requestSmsCode: send a verification code, or a notification by its template.

Body: wire.md 7.1. Answers 200 `{}` once the send is recorded, the delivery follows; refusals
1, 107, 119, 127, 154, 160, 212, 401, 600, 601, 604, 605, 606, 608 with `Retry-After` where
waiting helps. An identical copy within ten seconds, or a repeated Idempotency-Key within a
day, gets the first answer and sends nothing.
"""

from signet import segments, send_requests
from signet.edge import clock, http, settings
from signet.errors import BadParameter
from signet.flows import sending
from signet.flows.send_message import send_message
from signet.store import apps

# Its real request always names smsType; a verify call whose code was `../requestSmsCode`, which
# the client resolves before sending, never does (review.md 1.3).
_PYTHON_SDK = "AVOS Cloud python-"


def request_sms_code(call: http.Call) -> http.Body:
    now = clock.now()
    caller = http.authenticate(call, apps.get, now=now)
    if call.headers.get("user-agent", "").startswith(_PYTHON_SDK) and "smsType" not in call.body:
        raise BadParameter("smsType is missing.")
    request = send_requests.parse(call.body, authority=caller.authority, app_name=caller.app.name)
    sender = sending.caller(call, caller)
    abroad = segments.Rule(settings.value("SIGNET_SEGMENTS_ABROAD"))
    send_message(request, sender, sending.STORES, abroad=abroad, now=now)
    return {}


ROUTES = [http.Route("POST", "/1.1/requestSmsCode", request_sms_code)]


def handler(event: http.Event, context: object) -> http.Reply:
    return http.serve(event, ROUTES)
