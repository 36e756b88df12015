"""What proves a caller: every form of wire.md 2, and nothing else."""

from datetime import UTC, datetime, timedelta
from hashlib import md5
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signet import credentials
from signet.apps import App, Key
from signet.credentials import Authority, Credentials
from signet.errors import Unauthorized

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
# The documented example (wire.md 2.2), with the app's keys as they are there.
APP_KEY = "UtOCzqb67d3sN12Kts4URwy8"
MASTER_KEY = "DyJegPlemooo4X1tg94gQkw1"
DOCUMENTED = "d5bcbb897e19b2f6633c716dfdfaf9be,1453014943466"
DOCUMENTED_MASTER = "e074720658078c898aa0d4b1b82bdf4b,1453014943466,master"

APP = App(
    app_id="FFnN2hso42Wej3pWq4X5qlu4-gzGzoHsz",
    name="示例应用",
    app_key=Key(APP_KEY),
    master_key=Key(MASTER_KEY),
    android_key=Key("android"),
)


def prove(app: App = APP, **proof: str) -> Authority:
    return credentials.prove(Credentials(app_id=app.app_id, **proof), app, now=NOW)


def sign(key: str, time: str, suffix: str = "") -> str:
    digest = md5(f"{time}{key}".encode(), usedforsecurity=False).hexdigest()
    return f"{digest},{time}{suffix}"


@pytest.mark.parametrize(
    ("proof", "authority"),
    [
        ({"key": APP_KEY}, Authority.CLIENT),
        ({"key": f"{MASTER_KEY},master"}, Authority.MASTER),
        ({"key": MASTER_KEY}, Authority.CLIENT),
        ({"master_key": MASTER_KEY}, Authority.MASTER),
        ({"sign": DOCUMENTED}, Authority.CLIENT),
        ({"sign": DOCUMENTED_MASTER}, Authority.MASTER),
        ({"sign": DOCUMENTED.upper()}, Authority.CLIENT),
        ({"sign": DOCUMENTED_MASTER.replace("e0747206", "E0747206")}, Authority.MASTER),
        ({"sign": sign(APP_KEY, "1389085779854")}, Authority.CLIENT),
        ({"sign": sign(APP_KEY, "1795334400")}, Authority.CLIENT),
        ({"sign": sign(MASTER_KEY, "1795334400", ",master")}, Authority.MASTER),
        ({"sign": sign("android", "1795334400123", ",ax-sig-1")}, Authority.CLIENT),
        ({"key": APP_KEY, "sign": "nonsense"}, Authority.CLIENT),
    ],
)
def test_a_documented_proof_is_accepted(proof: dict[str, Any], authority: Authority) -> None:
    assert prove(**proof) is authority


@pytest.mark.parametrize(
    "proof",
    [
        {},
        {"key": "wrong"},
        {"key": f"{APP_KEY},master"},
        {"key": f"{MASTER_KEY},master,master"},
        {"key": f"{MASTER_KEY},Master"},
        {"key": f"{APP_KEY},client"},
        {"key": ","},
        {"key": ",master"},
        {"key": APP_KEY[:-1]},
        {"key": f"{APP_KEY} "},
        {"key": APP_KEY.lower()},
        {"key": "密钥"},
        {"master_key": APP_KEY},
        {"key": "wrong", "sign": DOCUMENTED},
        {"sign": DOCUMENTED + ",master"},
        {"sign": DOCUMENTED_MASTER.removesuffix(",master")},
        {"sign": DOCUMENTED + ",ax-sig-1"},
        {"sign": DOCUMENTED + ",ax-sig-2"},
        {"sign": DOCUMENTED + ","},
        {"sign": DOCUMENTED.replace("1453014943466", "1453014943467")},
        {"sign": DOCUMENTED.replace(",", ", ")},
        {"sign": DOCUMENTED.split(",")[0]},
        {"sign": ",1453014943466"},
        {"sign": f"{DOCUMENTED.split(',')[0]},"},
        {"sign": sign(APP_KEY, "")},
        {"sign": sign(APP_KEY, "1" * 17)},
        {"sign": sign("android", "1795334400123")},
    ],
)
def test_anything_else_is_401(proof: dict[str, Any]) -> None:
    with pytest.raises(Unauthorized) as refused:
        prove(**proof)
    assert (refused.value.code, refused.value.status) == (401, 401)


def test_the_timestamp_is_hashed_as_it_was_sent() -> None:
    assert prove(sign=sign(APP_KEY, "0001453014943466")) is Authority.CLIENT


def test_an_app_without_an_android_key_refuses_its_signatures() -> None:
    plain = App(APP.app_id, APP.name, APP.app_key, APP.master_key)

    with pytest.raises(Unauthorized):
        prove(plain, sign=sign("", "1795334400123", ",ax-sig-1"))


@pytest.mark.parametrize(("minutes", "accepted"), [(1, True), (0, False), (-1, False)])
@pytest.mark.parametrize("form", ["key", "sign", "master", "android"])
def test_a_previous_key_works_until_its_date(form: str, minutes: int, accepted: bool) -> None:
    until = NOW + timedelta(minutes=minutes)
    app = App(
        APP.app_id,
        APP.name,
        app_key=Key("new", "old", until),
        master_key=Key("new-master", "old-master", until),
        android_key=Key("new-android", "old-android", until),
    )
    proofs: dict[str, dict[str, Any]] = {
        "key": {"key": "old"},
        "sign": {"sign": sign("old", "1795334400123")},
        "master": {"key": "old-master,master"},
        "android": {"sign": sign("old-android", "1795334400123", ",ax-sig-1")},
    }
    proof = proofs[form]

    if accepted:
        assert prove(app, **proof) in Authority
    else:
        with pytest.raises(Unauthorized):
            prove(app, **proof)


def test_the_current_key_works_while_a_rotation_lasts() -> None:
    app = App(
        APP.app_id,
        APP.name,
        app_key=Key("new", "old", NOW + timedelta(days=1)),
        master_key=Key("m"),
    )

    assert prove(app, key="new") is Authority.CLIENT


def test_a_previous_key_without_a_date_is_worthless() -> None:
    app = App(APP.app_id, APP.name, app_key=Key("new", "old"), master_key=Key("m"))

    with pytest.raises(Unauthorized):
        prove(app, key="old")


@given(st.text(max_size=80), st.text(max_size=80), st.text(max_size=80))
def test_no_text_but_the_keys_proves_anything(key: str, master_key: str, sign: str) -> None:
    with pytest.raises(Unauthorized):
        prove(key=key, master_key=master_key, sign=sign)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"x-lc-id": "app", "x-lc-key": "k"}, Credentials("app", key="k")),
        ({"x-lc-id": "app", "x-lc-sign": "s"}, Credentials("app", sign="s")),
        ({"x-lc-id": " app ", "x-lc-key": " k "}, Credentials("app", key="k")),
        ({"x-lc-id": "app"}, Credentials("app")),
        (
            {"x-avoscloud-application-id": "app", "x-avoscloud-application-key": "k"},
            Credentials("app", key="k"),
        ),
        (
            {"x-uluru-application-id": "app", "x-uluru-application-key": "k"},
            Credentials("app", key="k"),
        ),
        (
            {"x-avoscloud-application-id": "app", "x-avoscloud-master-key": "m"},
            Credentials("app", master_key="m"),
        ),
        (
            {"x-uluru-application-id": "app", "x-uluru-master-key": "m"},
            Credentials("app", master_key="m"),
        ),
        (
            {"x-avoscloud-application-id": "app", "x-avoscloud-request-sign": "s"},
            Credentials("app", sign="s"),
        ),
        (
            {"x-lc-id": "new", "x-uluru-application-id": "old", "x-lc-key": "k"},
            Credentials("new", key="k"),
        ),
        (
            {"x-lc-id": "", "x-uluru-application-id": "old", "x-lc-key": "k"},
            Credentials("old", key="k"),
        ),
        ({}, None),
        ({"x-lc-key": "k"}, None),
        ({"x-lc-id": "  "}, None),
    ],
)
def test_headers_are_read_new_names_first(
    headers: dict[str, str], expected: Credentials | None
) -> None:
    assert credentials.from_headers(headers) == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"_ApplicationId": "app", "_ApplicationKey": "k"}, Credentials("app", key="k")),
        ({"_ApplicationId": "app", "_MasterKey": "m"}, Credentials("app", master_key="m")),
        ({"_ApplicationId": "app", "_ApplicationKey": None}, Credentials("app")),
        ({"_ApplicationId": "app", "_ApplicationKey": 5}, Credentials("app", key="5")),
        ({"_ApplicationId": "app", "_Sign": "s"}, Credentials("app")),
        ({"_ApplicationId": 5, "_ApplicationKey": "k"}, None),
        ({"_ApplicationId": ["app"], "_ApplicationKey": "k"}, None),
        ({"_ApplicationId": ""}, None),
        ({"_ApplicationKey": "k"}, None),
        ({}, None),
    ],
)
def test_a_plain_text_body_carries_credentials_in_underscore_fields(
    fields: dict[str, object], expected: Credentials | None
) -> None:
    assert credentials.from_body(fields) == expected


@pytest.mark.parametrize(
    ("proof", "unique"),
    [
        ({"sign": DOCUMENTED}, True),
        ({"sign": DOCUMENTED_MASTER}, True),
        ({"sign": sign(APP_KEY, "1795334400")}, False),
        ({"sign": "nonsense"}, False),
        ({"key": APP_KEY}, False),
        ({"key": APP_KEY, "sign": DOCUMENTED}, False),
        ({"master_key": MASTER_KEY, "sign": DOCUMENTED}, False),
        ({}, False),
    ],
)
def test_only_a_signature_to_the_millisecond_makes_a_second_request_a_copy(
    proof: dict[str, Any], unique: bool
) -> None:
    assert Credentials(app_id="app", **proof).is_unique is unique
