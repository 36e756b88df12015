"""GET /1.1/requestCaptcha, POST /1.1/verifyCaptcha, and the picture and the sound of a captcha.

Proof of work, which new clients do instead: GET /1.1/requestProofOfWork, POST
/1.1/verifyProofOfWork, and the script GET /1.1/proofOfWork.js. Bodies and replies: wire.md 8 and
docs/api.md. Refuses with 1 (wrong, expired, judged already, forged), 107, 119 (switched off), 401.
Pictures and sounds need no credentials and come from an API of their own, which is for bytes.
"""

from pathlib import Path

from signet import addresses
from signet.edge import clock, http
from signet.edge.http import Answer, Body, Call, Event, Reply, Route
from signet.flows import solve_captcha
from signet.store import apps

_SCRIPT = Path(__file__).parent / "static" / "proofOfWork.js"
_FOR_A_DAY = {"Cache-Control": "public, max-age=86400"}


def request_captcha(call: Call) -> Body:
    now = clock.now()
    caller = http.authenticate(call, apps.get, now=now)
    return solve_captcha.new_picture(caller.app, call.query, authority=caller.authority, now=now)


def captcha_image(call: Call) -> Answer:
    drawn = solve_captcha.picture(call.query, now=clock.now())
    return Answer(drawn, headers={"Content-Type": "image/png"})


def captcha_sound(call: Call) -> Answer:
    said = solve_captcha.sound(call.query, now=clock.now())
    return Answer(said, headers={"Content-Type": "audio/wav"})


def verify_captcha(call: Call) -> Body:
    now = clock.now()
    caller = http.authenticate(call, apps.get, now=now)
    token = solve_captcha.judge(caller.app, call.body, now=now)
    # Java SDKs of 2020-06 to 2023-06 look for other names (wire.md 8.3).
    return {"validate_token": token, "validateToken": token, "token": token}


def request_work(call: Call) -> Body:
    now = clock.now()
    caller = http.authenticate(call, apps.get, now=now)
    servers = caller.app.guard.servers
    address = addresses.of_person(call.source_ip, call.headers, caller.authority, servers)
    return solve_captcha.new_work(caller.app, address=address, now=now)


def verify_work(call: Call) -> Body:
    now = clock.now()
    caller = http.authenticate(call, apps.get, now=now)
    return {"validate_token": solve_captcha.judge_work(caller.app, call.body, now=now)}


def work_script(_: Call) -> Answer:
    headers = {**_FOR_A_DAY, "Content-Type": "text/javascript;charset=utf-8"}
    return Answer(_SCRIPT.read_text(encoding="utf-8"), headers=headers)


ROUTES = [
    Route("GET", "/1.1/requestCaptcha", request_captcha),
    Route("GET", "/1.1/captchaImage", captcha_image),
    Route("GET", "/1.1/captchaSound", captcha_sound),
    Route("POST", "/1.1/verifyCaptcha", verify_captcha),
    Route("GET", "/1.1/requestProofOfWork", request_work),
    Route("POST", "/1.1/verifyProofOfWork", verify_work),
    Route("GET", "/1.1/proofOfWork.js", work_script),
]


def handler(event: Event, context: object) -> Reply:
    return http.serve(event, ROUTES)
