"""Shares: a token opens one message for a while; whatever else it may be opens nothing."""

import base64
import hmac
import json
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signet import shares
from signet.errors import BadParameter
from signet.messages import State
from signet.shares import Share
from tests.rules.test_records import RECORD

KEY = bytes(range(32))
MASTER = "signet-demo-master"
NOW = 1_795_334_400
SHARE = Share("signet-demo-app", RECORD.message_id, NOW + 60)
TOKEN = shares.sealed(SHARE, key=KEY, master_key=MASTER)


def opens(
    token: str, *, key: bytes = KEY, master: tuple[str, ...] = (MASTER,), now: int = NOW
) -> bool:
    """Whether the token opens what it claims."""
    share = shares.claimed(token)
    return share is not None and shares.is_valid(token, share, key=key, master_keys=master, now=now)


def forged(mac: str | None = None, **changes: Any) -> str:
    """The token with other claims, under the old seal or another."""
    encoded, _, old = TOKEN.partition(".")
    said = json.loads(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
    packed = base64.urlsafe_b64encode(json.dumps(said | changes).encode()).decode().rstrip("=")
    return f"{packed}.{old if mac is None else mac}"


def test_a_token_opens_its_message_until_it_is_over() -> None:
    assert shares.claimed(TOKEN) == SHARE
    assert opens(TOKEN)
    assert opens(TOKEN, now=NOW + 59)
    assert not opens(TOKEN, now=NOW + 60)


def test_a_token_stands_in_an_address_as_it_is() -> None:
    assert set(TOKEN) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "x",
        "x.y",
        TOKEN[:-1],
        TOKEN[:-1] + ("0" if TOKEN[-1] != "0" else "1"),
        TOKEN + "0",
        TOKEN.upper(),
        TOKEN.replace(".", ""),
        TOKEN.partition(".")[0],
        TOKEN.partition(".")[0] + ".",
        forged(app_id="another-app"),
        forged(message_id=RECORD.message_id[:-1] + "1"),
        forged(expires=NOW + 10**9),
        forged(expires=str(NOW + 60)),
        forged(expires=True),
        forged(v=2),
        forged(app_id=None),
        forged(mac="0" * 64),
        "é" * 20,
        "W10." + "0" * 64,
        "bnVsbA." + "0" * 64,
        ("[" * 900) + "." + "0" * 64,
        "A" * 5_000,
    ],
)
def test_whatever_was_altered_opens_nothing(token: str) -> None:
    assert not opens(token)


def test_another_key_opens_nothing() -> None:
    assert not opens(TOKEN, key=bytes(32))
    assert not opens(TOKEN, master=("another",))
    assert not opens(TOKEN, master=())


def test_the_key_before_a_rotation_opens_while_it_is_valid() -> None:
    assert opens(TOKEN, master=("new", MASTER))


def test_what_seals_sessions_with_the_same_key_seals_no_share() -> None:
    encoded = TOKEN.partition(".")[0]
    for said in (f"session\0{encoded}", f"session\0{encoded}\0{MASTER}", encoded):
        mac = hmac.new(KEY, said.encode(), sha256).hexdigest()
        assert not opens(f"{encoded}.{mac}")


@given(st.text())
def test_no_text_is_taken_for_a_token_or_fails(text: str) -> None:
    assert not opens(text)


@pytest.mark.parametrize(("body", "hours"), [({}, 72), ({"hours": 1}, 1), ({"hours": 720}, 720)])
def test_a_link_lasts_for_as_long_as_one_says(body: dict[str, object], hours: int) -> None:
    assert shares.hours(body) == hours


@pytest.mark.parametrize(
    "body",
    [{"hours": 0}, {"hours": 721}, {"hours": "72"}, {"hours": True}, {"hours": None}, {"days": 1}],
)
def test_any_other_time_is_refused(body: dict[str, object]) -> None:
    with pytest.raises(BadParameter):
        shares.hours(body)


def test_support_sees_no_price_no_template_and_no_whole_number() -> None:
    shown = shares.shown(RECORD)

    assert set(shown) == {
        *("message_id", "created_at", "phone", "kind", "channel", "state"),
        *("carrier", "carrier_message_id"),
    }
    assert shown["phone"] == "+86186****5678"


def test_support_is_not_told_whether_a_number_has_an_account() -> None:
    kept_back = replace(RECORD, state=State.EXPIRED, reason="kept back")

    assert shares.for_support(kept_back).reason == "withheld"
    assert shares.for_support(replace(kept_back, reason="code used")).reason == "code used"
