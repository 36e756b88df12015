"""Operators, settings, the session key and counted sign-ins."""

from datetime import timedelta

import pytest

from signet.errors import BadParameter, Missing, NameTaken, TooManyAttempts
from signet.store import apps, attempts, audits, cursors, deployment
from tests.store import build
from tests.store.build import NOW, SECONDS, after, client, put

pytestmark = pytest.mark.usefixtures("tables")

KEY = "k" * 40
LONG = cursors.pack(f"audit#{'x' * 1_024}")


def add(operator_id: str = "demo", key: str = KEY) -> None:
    deployment.add_operator(operator_id, key, "signet", now=NOW)


def acts() -> list[tuple[str, str, str]]:
    entries, _ = audits.entries(apps.DEPLOYMENT, limit=10)
    return [(entry.actor, entry.action, entry.subject) for entry in entries]


def raw(item: str) -> dict[str, dict[str, str]]:
    key = {"app_id": {"S": "#deployment"}, "item": {"S": item}}
    found: dict[str, dict[str, str]] = client("dynamodb").get_item(TableName="apps", Key=key)[
        "Item"
    ]
    return found


# --- Operators ---------------------------------------------------------------------------------


def test_an_operators_key_is_recognised() -> None:
    add()

    assert build.operator_key_matches("demo", KEY)


@pytest.mark.parametrize(("operator_id", "key"), [("demo", "x" * 40), ("other", KEY), ("demo", "")])
def test_no_other_key_is(operator_id: str, key: str) -> None:
    add()

    assert not build.operator_key_matches(operator_id, key)


def test_the_key_itself_is_nowhere_in_the_table() -> None:
    add()

    assert KEY not in str(client("dynamodb").scan(TableName="apps")["Items"])


def test_a_revoked_key_ends_at_once() -> None:
    add()

    deployment.revoke_operator("demo", "operator:first", now=after(60))

    assert deployment.operator_key_hash("demo") is None
    assert not build.operator_key_matches("demo", KEY)


def test_the_id_of_a_revoked_operator_is_not_given_again() -> None:
    add()
    deployment.revoke_operator("demo", "operator:first", now=NOW)

    with pytest.raises(NameTaken, match="demo"):
        add(key="n" * 40)


def test_an_operator_is_not_recorded_over_another() -> None:
    add()

    with pytest.raises(NameTaken):
        add(key="n" * 40)

    assert build.operator_key_matches("demo", KEY)


def test_only_who_is_there_can_be_revoked_and_once() -> None:
    with pytest.raises(Missing):
        deployment.revoke_operator("demo", "operator:first", now=NOW)
    add()
    deployment.revoke_operator("demo", "operator:first", now=NOW)
    with pytest.raises(Missing):
        deployment.revoke_operator("demo", "operator:first", now=NOW)


def test_operators_are_listed_page_by_page() -> None:
    for operator_id in ("c", "a", "b"):
        add(operator_id)
    deployment.revoke_operator("b", "operator:a", now=after(5))

    first, cursor = deployment.list_operators(limit=2)
    second, end = deployment.list_operators(limit=2, cursor=cursor)

    assert [one.id for one in first + second] == ["a", "b", "c"]
    assert [one.revoked_at for one in first] == [None, after(5)]
    assert (first[0].created_at, first[0].created_by) == (NOW, "signet")
    assert end is None


def test_the_trail_tells_who_added_and_revoked_whom() -> None:
    add()
    deployment.revoke_operator("demo", "operator:first", now=after(1))

    assert acts() == [
        ("operator:first", "revoke", "operator:demo"),
        ("signet", "add", "operator:demo"),
    ]


# --- Settings ----------------------------------------------------------------------------------


def test_a_new_deployment_has_the_defaults() -> None:
    assert deployment.read_settings() == deployment.Settings()


def test_auto_approval_keeps_who_switched_it_on() -> None:
    deployment.set_auto_approve(on=True, by="demo", now=NOW)
    deployment.set_auto_approve(on=True, by="other", now=NOW)

    assert deployment.read_settings().auto_approve_by == "demo"
    assert acts() == [("operator:demo", "auto_approve_on", "settings")]


def test_auto_approval_can_be_switched_off() -> None:
    deployment.set_auto_approve(on=True, by="demo", now=NOW)

    settings = deployment.set_auto_approve(on=False, by="other", now=after(1))

    assert settings.auto_approve_by is None
    assert acts()[0] == ("operator:other", "auto_approve_off", "settings")


def test_prices_are_set_and_taken_back_one_by_one() -> None:
    deployment.set_prices({"86": 45_000, "1": 700_000}, by="demo", now=NOW)
    deployment.set_prices({"1": None, "44": 1}, by="demo", now=NOW)

    assert deployment.read_settings().prices == {"86": 45_000, "44": 1}


def test_a_change_of_prices_leaves_the_other_settings() -> None:
    deployment.set_auto_approve(on=True, by="demo", now=NOW)
    key = deployment.session_key()

    deployment.set_prices({"86": 45_000}, by="demo", now=NOW)

    assert deployment.read_settings().auto_approve_by == "demo"
    assert raw("settings")["session_key"]["S"] == key.hex()


def test_settings_are_read_once_in_thirty_seconds_and_at_once_after_a_change() -> None:
    assert deployment.settings().prices == {}
    put("apps", app_id="#deployment", item="settings", prices='{"86": 1}')
    assert deployment.settings().prices == {}

    deployment.set_prices({"1": 2}, by="demo", now=NOW)

    assert deployment.settings().prices == {"86": 1, "1": 2}


# --- The session key ---------------------------------------------------------------------------


def test_the_session_key_is_drawn_once() -> None:
    first = deployment.session_key()
    apps.forget()

    assert deployment.session_key() == first
    assert len(first) == 32


def test_whoever_draws_the_session_key_second_takes_the_first_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put("apps", app_id="#deployment", item="settings", session_key="ab" * 32)
    monkeypatch.setattr(deployment, "_find", lambda name: None)

    assert deployment.session_key() == b"\xab" * 32


# --- Sign-ins ----------------------------------------------------------------------------------


def test_ten_sign_ins_in_fifteen_minutes_and_no_more() -> None:
    for second in range(10):
        attempts.count("operator:demo", "203.0.113.7", now=after(second))

    with pytest.raises(TooManyAttempts) as caught:
        attempts.count("operator:demo", "203.0.113.7", now=after(10))

    assert caught.value.retry_after == 890
    attempts.count("operator:demo", "203.0.113.7", now=after(900))


def test_another_address_or_another_id_counts_for_itself() -> None:
    for _ in range(10):
        attempts.count("operator:demo", "203.0.113.7", now=NOW)

    attempts.count("operator:demo", "203.0.113.8", now=NOW)
    attempts.count("owner:demo", "203.0.113.7", now=NOW)


def test_an_id_that_is_no_text_is_counted_too() -> None:
    attempts.count("operator:\ud800", "", now=NOW)


def test_tries_are_forgotten_and_name_nobody() -> None:
    attempts.count("operator:demo", "203.0.113.7", now=NOW)

    (item,) = client("dynamodb").scan(TableName="phones")["Items"]

    assert item["pk"]["S"].startswith("console#")
    assert "demo" not in str(item)
    assert "203" not in item["pk"]["S"]
    assert int(item["ttl"]["N"]) == SECONDS + 86_400


# --- The audit trail ---------------------------------------------------------------------------


def test_the_trail_is_listed_newest_first_page_by_page() -> None:
    for number in range(5):
        deployment.add_operator(f"o{number}", KEY, "signet", now=NOW + timedelta(seconds=number))

    first, cursor = audits.entries(apps.DEPLOYMENT, limit=3)
    second, end = audits.entries(apps.DEPLOYMENT, limit=3, cursor=cursor)

    subjects = [entry.subject.removeprefix("operator:") for entry in first + second]
    assert subjects == ["o4", "o3", "o2", "o1", "o0"]
    assert [entry.at for entry in second] == [after(1), NOW]
    assert end is None


@pytest.mark.parametrize("cursor", ["x", "!", "b3BlcmF0b3IjZGVtbw", "YXVkaXQ=#", "é", LONG])
def test_a_cursor_of_another_list_is_refused(cursor: str) -> None:
    with pytest.raises(BadParameter, match="cursor"):
        audits.entries(apps.DEPLOYMENT, limit=3, cursor=cursor)
