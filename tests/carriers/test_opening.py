"""Opening carriers by name: with what is in the secret, and without an SDK until one submits."""

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from signet.carriers import Callback, CallbackRefused, CarrierError, CredentialsInvalid, opening
from signet.edge import secrets, settings
from signet.routes import AWS, OUTSIDE
from tests.carriers.contract import MESSAGE

ROOT = Path(__file__).resolve().parent.parent.parent
WEBHOOK = {"url": "https://gateway.example.com", "secret": f"whsec_{'A' * 43}="}
SECRET: dict[str, object] = {
    "alibaba": {"access_key_id": "id", "access_key_secret": "secret"},
    "tencent": {"secret_id": "id", "secret_key": "secret", "sdk_app_id": "1400"},
    "twilio": {"account_sid": "AC1", "auth_token": "secret", "from": "+15005550006"},
    "webhook": WEBHOOK,
    "webhook-b": {**WEBHOOK, "reports": True},
}


@pytest.fixture(autouse=True)
def filled(monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret that holds the credentials of all."""
    monkeypatch.setattr(
        secrets, "carrier_credentials", lambda name: json.dumps(SECRET.get(name, {}))
    )
    opening._open.cache_clear()


@pytest.mark.parametrize("name", [*AWS, *OUTSIDE, "webhook-b"])
def test_each_carrier_opens_by_its_name_and_believes_no_stranger(name: str) -> None:
    carrier = opening.carrier(name)

    assert carrier.name == name
    assert opening.carrier(name) is carrier
    with pytest.raises(CallbackRefused):
        carrier.reports(Callback("https://sms.example.com/", {}, {}, "{}", 0))


def test_gateways_are_as_many_as_the_secret_has() -> None:
    assert opening.carrier("webhook").reports_within is None
    assert opening.carrier("webhook-b").reports_within == timedelta(minutes=1)
    with pytest.raises(CredentialsInvalid):
        opening.carrier("webhook-c")


def test_twilio_reports_where_the_deployment_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGNET_PUBLIC_BASE_URL", "https://sms.example.com")

    assert opening.carrier("twilio").reports_within == timedelta(minutes=1)


@pytest.mark.parametrize("broken", ["text", 7, [], None])
def test_credentials_that_are_no_object_are_said_to_be_wrong(
    monkeypatch: pytest.MonkeyPatch, broken: object
) -> None:
    monkeypatch.setattr(secrets, "carrier_credentials", lambda name: json.dumps(broken))

    with pytest.raises(CredentialsInvalid, match="tencent"):
        opening.carrier("tencent")


@pytest.mark.parametrize("name", ["", "nobody", "webhook-", "SNS"])
def test_a_name_that_is_none_opens_nothing(name: str) -> None:
    with pytest.raises(settings.SettingMissing):
        opening.carrier(name)


def test_a_carrier_opened_for_its_callbacks_has_no_templates_to_send_by() -> None:
    with pytest.raises(CarrierError, match="no template mapping"):
        opening.carrier("alibaba").submit(MESSAGE)


def test_callbacks_load_no_sdk() -> None:
    """The function that takes them does not carry the layer that the SDKs are in."""
    program = f"""
import sys
from signet.carriers import Callback, CallbackRefused, opening
from signet.edge import secrets
secret = {SECRET!r}
secrets.carrier_credentials = lambda name: __import__("json").dumps(secret.get(name, {{}}))
for name in {[*AWS, *OUTSIDE]!r}:
    try:
        opening.carrier(name).reports(Callback("https://x/", {{}}, {{}}, "[]", 0))
    except CallbackRefused:
        print(name)
print(*sorted(sys.modules))
"""
    told = subprocess.run(
        [sys.executable, "-c", program],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "layers/signet/python")},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout.splitlines()

    assert told[:-1] == [*AWS, *OUTSIDE]
    sdks = ("alibabacloud_tea_openapi", "darabonba", "Tea", "tencentcloud", "requests", "aiohttp")
    assert [module for module in told[-1].split() if module.split(".")[0] in sdks] == []
