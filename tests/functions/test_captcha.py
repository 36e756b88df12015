"""The function `captcha`, and validate_token in every call that sends (wire.md 8)."""

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from functions.captcha import app as captcha_function
from signet import captchas, proofs, shield_tree
from signet.apps import App, Guard
from signet.captchas import Challenge, Form
from signet.edge import clock
from signet.shield import Board, Lock, Step
from signet.store import apps, captcha_keys, shield_items
from tests.functions.account_calls import Accounts
from tests.functions.service import APP_KEY, MASTER_KEY, PHONE, Reply, Service, http_event, serve
from tests.rules.test_proofs import solved
from tests.store.build import dynamodb_table

OTHER_PHONE = "+8618612345679"
Query = Mapping[str, str]


def call(
    method: str,
    name: str,
    *,
    headers: Mapping[str, str] = APP_KEY,
    query: Query | None = None,
    body: object = None,
    raw: str | None = None,
    base64: bool = False,
) -> Reply:
    text = json.dumps(body) if raw is None else raw
    return serve(
        captcha_function.handler,
        http_event(
            "captcha",
            method=method,
            path=f"/1.1/{name}",
            headers=headers,
            raw=text,
            query=query or {},
            base64=base64,
        ),
    )


def asked(**query: str) -> dict[str, Any]:
    reply = call("GET", "requestCaptcha", query=query)
    assert reply.status == 200
    return reply.body


def challenge(token: str, app_id: str = "signet-demo-app", form: Form = Form.PICTURE) -> Challenge:
    return captchas.read(token, app_id, captcha_keys.keys(), form=form, now=clock.now())


def answer(token: str) -> str:
    return captchas.written_answer(challenge(token), captcha_keys.keys())


def wrong(token: str) -> str:
    right = answer(token)
    return ("A" if right[0] != "A" else "B") + right[1:]


def judged(token: object, code: object, **options: Any) -> Reply:
    body = {"captcha_token": token, "captcha_code": code}
    return call("POST", "verifyCaptcha", body=body, **options)


def proved() -> str:
    token = asked()["captcha_token"]
    return str(judged(token, answer(token)).body["validate_token"])


# --- asking -----------------------------------------------------------------------------------


def test_a_captcha_has_a_token_and_the_address_of_its_picture(service: Service) -> None:
    reply = asked()

    assert set(reply) == {"captcha_token", "captcha_url", "captcha_sound_url"}
    for name, path in (("captcha_url", "captchaImage"), ("captcha_sound_url", "captchaSound")):
        place = urlsplit(reply[name])
        assert f"{place.scheme}://{place.netloc}" == "https://pictures.example.com"
        assert place.path == f"/live/1.1/{path}"
        assert parse_qs(place.query) == {
            "appId": ["signet-demo-app"],
            "token": [reply["captcha_token"]],
        }


def test_asking_writes_nothing(service: Service) -> None:
    asked()

    assert dynamodb_table("challenges").scan()["Items"] == []


def test_the_body_of_a_get_is_ignored(service: Service) -> None:
    # What the JavaScript SDK sends in Node (wire.md 1.2).
    assert call("GET", "requestCaptcha", raw="null").status == 200


def test_a_captcha_is_refreshed_through_the_text_form(service: Service) -> None:
    form = {
        "_method": "GET",
        "_ApplicationId": "signet-demo-app",
        "_ApplicationKey": "signet-demo-key",
    }
    reply = call("POST", "requestCaptcha", headers={"Content-Type": "text/plain"}, body=form)

    assert reply.status == 200


@pytest.mark.parametrize(
    ("headers", "size", "seconds"), [(APP_KEY, 4, 60), (MASTER_KEY, 6, 120)], ids=["app", "master"]
)
def test_size_and_ttl_are_for_the_master_key(
    service: Service, stopped: None, headers: Mapping[str, str], size: int, seconds: int
) -> None:
    query = {"size": "6", "ttl": "120", "width": "160", "height": "60"}
    token = call("GET", "requestCaptcha", headers=headers, query=query).body["captcha_token"]

    found = challenge(token)
    assert found.shape == (160, 60, size)
    assert found.expires_at == int(clock.now().timestamp()) + seconds


@pytest.mark.parametrize(
    ("method", "name", "body"),
    [
        ("GET", "requestCaptcha", None),
        ("POST", "verifyCaptcha", {"captcha_token": "x", "captcha_code": "y"}),
        ("GET", "requestProofOfWork", None),
        ("POST", "verifyProofOfWork", {"token": "x", "solution": [0] * 16}),
    ],
)
def test_a_switched_off_captcha_is_119(
    deployment: Service, make_app: Callable[..., App], method: str, name: str, body: object
) -> None:
    make_app(switches={"captcha": False})

    assert call(method, name, body=body).code == 119


@pytest.mark.parametrize(
    ("method", "name"),
    [
        ("GET", "requestCaptcha"),
        ("POST", "verifyCaptcha"),
        ("GET", "requestProofOfWork"),
        ("POST", "verifyProofOfWork"),
    ],
)
def test_nobody_is_refused(service: Service, method: str, name: str) -> None:
    reply = call(method, name, headers={"X-LC-Id": "signet-demo-app", "X-LC-Key": "wrong"})

    assert (reply.status, reply.code) == (401, 401)


@pytest.mark.parametrize("name", ["requestCaptcha", "requestProofOfWork", "proofOfWork.js"])
def test_a_post_never_succeeds_where_a_code_could_lead(service: Service, name: str) -> None:
    # verify_sms_code(phone, "../requestCaptcha") of the Python SDK (review.md 1.3).
    assert call("POST", name, body={"mobilePhoneNumber": PHONE}).status == 404


@pytest.mark.parametrize("name", ["verifyCaptcha", "verifyProofOfWork"])
def test_a_verification_led_astray_is_refused(service: Service, name: str) -> None:
    assert call("POST", name, body={"mobilePhoneNumber": PHONE}).status == 400


# --- judging ----------------------------------------------------------------------------------


def test_a_right_answer_gives_a_validate_token_under_each_of_its_names(service: Service) -> None:
    token = asked()["captcha_token"]

    reply = judged(token, answer(token))

    assert reply.status == 200
    assert set(reply.body) == {"validate_token", "validateToken", "token"}
    assert len(set(reply.body.values())) == 1


def test_what_the_sound_says_is_right_too(service: Service) -> None:
    token = asked()["captcha_token"]
    said = captchas.spoken_answer(challenge(token), captcha_keys.keys())

    assert judged(token, said).status == 200


def test_small_letters_will_do(service: Service) -> None:
    token = asked()["captcha_token"]

    assert judged(token, f" {answer(token).lower()} ").status == 200


def test_whoever_asks_another_may_answer(service: Service) -> None:
    token = call("GET", "requestCaptcha", headers=MASTER_KEY).body["captcha_token"]

    assert judged(token, answer(token), headers=APP_KEY).status == 200


def test_a_double_click_gets_the_same_token(service: Service) -> None:
    token = asked()["captcha_token"]

    first, second = (judged(token, answer(token)).body["validate_token"] for _ in range(2))

    assert first == second


def test_the_same_answer_a_minute_later_is_too_late(
    service: Service, advance: Callable[[int], None]
) -> None:
    token = asked()["captcha_token"]
    right = answer(token)
    judged(token, right)

    advance(11)

    assert judged(token, right).code == 1


def refused_second_guess(service: Service) -> Reply:
    token = asked()["captcha_token"]
    right = answer(token)
    assert judged(token, wrong(token)).code == 1
    return judged(token, right)


def refused_replayed_challenge(service: Service, advance: Callable[[int], None]) -> Reply:
    token = asked()["captcha_token"]
    right = answer(token)
    assert judged(token, right).status == 200
    advance(30)
    return judged(token, right)


def refused_expired(service: Service, advance: Callable[[int], None]) -> Reply:
    token = asked()["captcha_token"]
    right = answer(token)
    advance(60)
    return judged(token, right)


def refused_spliced(service: Service) -> Reply:
    one, other = (asked()["captcha_token"] for _ in range(2))
    return judged(one[:24] + other[24:], answer(one))


def refused_other_app(service: Service, make_app: Callable[..., App]) -> Reply:
    make_app(app_id="another-app")
    token = asked()["captcha_token"]
    return judged(token, answer(token), headers={"X-LC-Id": "another-app", **_KEY})


_KEY = {"X-LC-Key": "signet-demo-key"}


def refused_replayed_proof(service: Service) -> Reply:
    token = proved()
    assert service.request(validate_token=token).code == 0
    return service.request(OTHER_PHONE, validate_token=token)


def refused_forged_proof(service: Service) -> Reply:
    return service.request(validate_token="A" * 38)


def refused_others_proof(service: Service, make_app: Callable[..., App]) -> Reply:
    make_app(app_id="another-app")
    return service.request(headers={"X-LC-Id": "another-app", **_KEY}, validate_token=proved())


def refused_late_proof(service: Service, advance: Callable[[int], None]) -> Reply:
    token = proved()
    advance(600)
    return service.request(validate_token=token)


def refused_challenge_as_proof(service: Service) -> Reply:
    return service.request(validate_token=asked()["captcha_token"])


def refused_proof_of_a_wrong_answer(service: Service) -> Reply:
    token = asked()["captcha_token"]
    said = wrong(token)
    judged(token, said)
    made = captchas.validate_token(challenge(token), captchas.Keys("00000000", {
        challenge(token).key_id: b"a guessed key",
    }), said)  # fmt: skip
    return service.request(validate_token=made)


# How somebody cheats, and which number refuses it.
CHEATS: dict[str, tuple[Callable[..., Reply], int]] = {
    "a second guess": (refused_second_guess, 1),
    "a challenge answered again": (refused_replayed_challenge, 1),
    "an expired challenge": (refused_expired, 1),
    "parts of two challenges": (refused_spliced, 1),
    "another app's challenge": (refused_other_app, 1),
    "a validate_token used again": (refused_replayed_proof, 608),
    "a forged validate_token": (refused_forged_proof, 608),
    "another app's validate_token": (refused_others_proof, 608),
    "a validate_token after ten minutes": (refused_late_proof, 608),
    "a challenge for a validate_token": (refused_challenge_as_proof, 608),
    "a validate_token of a wrong answer": (refused_proof_of_a_wrong_answer, 608),
}


@pytest.mark.parametrize("cheat", CHEATS)
def test_cheating_is_refused(cheat: str, service: Service, request: pytest.FixtureRequest) -> None:
    refused, code = CHEATS[cheat]
    names = refused.__code__.co_varnames[: refused.__code__.co_argcount]

    reply = refused(*(request.getfixturevalue(name) for name in names))

    assert (reply.status, reply.code) == (400, code)


@pytest.mark.parametrize("value", [None, "", 5, ["x"], {}, "x", "A" * 50])
def test_a_broken_token_is_refused(service: Service, value: object) -> None:
    assert judged(value, "ABCD").code == 1


def test_an_answer_that_is_missing_is_said_to_be(service: Service) -> None:
    token = asked()["captcha_token"]

    assert "captcha_code" in judged(token, "").error
    # And the challenge can still be answered.
    assert judged(token, answer(token)).status == 200


# --- sending ----------------------------------------------------------------------------------


def test_a_forced_captcha_lets_nobody_send_without(
    deployment: Service, make_app: Callable[..., App]
) -> None:
    make_app(switches={"force_captcha": True})

    assert deployment.request().code == 608
    assert deployment.request(validate_token="").code == 608
    assert deployment.request(validate_token=proved()).code == 0


def test_the_master_key_sends_without(deployment: Service, make_app: Callable[..., App]) -> None:
    make_app(switches={"force_captcha": True})

    assert deployment.request(headers=MASTER_KEY).code == 0


def test_a_server_that_passes_a_token_on_has_it_checked(service: Service) -> None:
    assert service.request(headers=MASTER_KEY, validate_token="A" * 38).code == 608


def test_a_refused_send_burns_no_token(service: Service, advance: Callable[[int], None]) -> None:
    service.request()
    token = proved()

    assert service.request(validate_token=token).error.startswith("SMS request too fast")
    advance(61)
    assert service.request(validate_token=token).code == 0


def test_a_token_of_a_switched_off_captcha_is_not_looked_at(
    deployment: Service, make_app: Callable[..., App]
) -> None:
    make_app(switches={"captcha": False})

    assert deployment.request(validate_token="left over").code == 0


def test_a_forced_captcha_that_cannot_be_had_refuses(
    deployment: Service, make_app: Callable[..., App]
) -> None:
    # Written by an operator past the console, which does not allow it: it fails closed.
    make_app(switches={"captcha": False, "force_captcha": True})

    assert deployment.request(validate_token="A" * 38).code == 608


@pytest.mark.parametrize("value", [5, True, ["x"], {}])
def test_a_token_of_another_type_is_refused(service: Service, value: object) -> None:
    assert service.request(validate_token=value).code == 1


# --- sending, in the calls of accounts ---------------------------------------------------------


@pytest.mark.parametrize(
    ("call_name", "switches"),
    [
        ("requestMobilePhoneVerify", {}),
        ("requestLoginSmsCode", {"login_by_code": True}),
        ("requestPasswordResetBySmsCode", {}),
    ],
)
def test_every_call_that_sends_wants_the_captcha(
    deployment: Service, make_app: Callable[..., App], call_name: str, switches: dict[str, bool]
) -> None:
    proves = call_name != "requestMobilePhoneVerify"
    make_app(switches={"force_captcha": True, "unverified_may_reset": True, **switches})
    accounts = Accounts(deployment)
    user = {"username": "tom", "password": "cat!@#123", "mobilePhoneNumber": PHONE}
    accounts.post("users", {**user, "mobilePhoneVerified": proves}, headers=MASTER_KEY)

    asks = {"mobilePhoneNumber": PHONE}
    assert accounts.post(call_name, asks).code == 608
    assert accounts.post(call_name, {**asks, "validate_token": "A" * 38}).code == 608
    assert accounts.post(call_name, {**asks, "validate_token": proved()}).code == 0


def test_a_change_of_number_wants_it_too(deployment: Service, make_app: Callable[..., App]) -> None:
    make_app(switches={"force_captcha": True})
    accounts = Accounts(deployment)
    user = accounts.post("users", {"username": "tom", "password": "cat!@#123"}, headers=MASTER_KEY)
    session = user["sessionToken"]

    asks = {"mobilePhoneNumber": PHONE}
    assert accounts.post("requestChangePhoneNumber", asks, session=session).code == 608
    proving = {**asks, "validate_token": proved()}
    assert accounts.post("requestChangePhoneNumber", proving, session=session).code == 0


def test_a_sign_up_that_sends_a_code_wants_it_too(
    deployment: Service, make_app: Callable[..., App]
) -> None:
    make_app(switches={"force_captcha": True})
    accounts = Accounts(deployment)
    user = {"username": "tom", "password": "cat!@#123", "mobilePhoneNumber": PHONE}

    assert accounts.post("users", user).code == 608
    signed_up = accounts.post("users", {**user, "validate_token": proved()})

    assert signed_up.status == 201
    assert "validate_token" not in signed_up.json


# --- work instead -------------------------------------------------------------------------------


def work() -> dict[str, Any]:
    return call("GET", "requestProofOfWork").body


def worked(token: object, solution: object) -> Reply:
    return call("POST", "verifyProofOfWork", body={"token": token, "solution": solution})


@pytest.fixture
def easy(deployment: Service, make_app: Callable[..., App]) -> Service:
    """An app whose work is soon done."""
    make_app(guard=Guard(work_bits=8), switches={"force_captcha": True})
    return deployment


def test_work_gives_the_same_validate_token(easy: Service) -> None:
    asked_for = work()
    assert {**asked_for, "token": ""} == {
        "token": "",
        "algorithm": "SHA-256",
        "parts": proofs.PARTS,
        "bits": 8,
    }

    reply = worked(asked_for["token"], solved(asked_for["token"], 8))

    assert set(reply.body) == {"validate_token"}
    assert easy.request(validate_token=reply.body["validate_token"]).code == 0
    assert easy.request(OTHER_PHONE, validate_token=reply.body["validate_token"]).code == 608


def test_work_counts_once(easy: Service, advance: Callable[[int], None]) -> None:
    token = work()["token"]
    solution = solved(token, 8)
    first = worked(token, solution)
    assert worked(token, solution).body == first.body

    advance(11)

    assert worked(token, solution).code == 1


def test_work_that_was_not_done_is_refused_and_can_still_be_done(easy: Service) -> None:
    token = work()["token"]

    assert worked(token, [0] * 16).code == 1
    assert worked(token, solved(token, 8)).status == 200


def test_work_ends(easy: Service, advance: Callable[[int], None]) -> None:
    token = work()["token"]
    solution = solved(token, 8)

    advance(300)

    assert worked(token, solution).code == 1


def test_a_picture_is_no_work(easy: Service) -> None:
    token = asked()["captcha_token"]

    assert worked(token, solved(token, 8)).code == 1
    assert judged(work()["token"], "ABCD").code == 1


def test_work_is_harder_while_something_is_locked(easy: Service, stopped: None) -> None:
    now = int(clock.now().timestamp())
    put_lock("c998", now)
    assert work()["bits"] == 8 + proofs.ALERT_BITS

    apps._cache.clear()
    # The address of events/captcha.json.
    put_lock(f"i{shield_tree.address_key('signet-demo-app', '203.0.113.7')}", now)
    assert work()["bits"] == 8 + proofs.SUSPECT_BITS


def put_lock(node: str, now: int) -> None:
    lock = Lock(node, Step.CHALLENGE, "share", 31, 2, 20, 600, now, now + 600)
    item = shield_items.board_item(Board({node: lock}), 1)
    dynamodb_table("shield").put_item(Item={"pk": "signet-demo-app#locks", "sk": "-", **item})


def test_work_is_never_harder_than_a_browser_can_do(
    deployment: Service, make_app: Callable[..., App], stopped: None
) -> None:
    make_app(guard=Guard(work_bits=20))
    put_lock("c998", int(clock.now().timestamp()))

    assert work()["bits"] == proofs.MOST_BITS


def test_the_script_may_be_kept_for_a_day() -> None:
    event = http_event("captcha", method="GET", path="/1.1/proofOfWork.js", headers={})

    reply = captcha_function.handler(event, None)

    assert reply["statusCode"] == 200
    assert reply["headers"]["Content-Type"].startswith("text/javascript")
    assert reply["headers"]["Cache-Control"] == "public, max-age=86400"
    assert "requestProofOfWork" in reply["body"]
