"""What an owner may say about events, and how a secret is made and followed by another."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from signet import event_settings
from signet.apps import Events, Key
from signet.errors import BadParameter

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
URL = "https://example.com/hook"


def parse(**body: Any) -> Events:
    return event_settings.parse(body, private=False)


def test_nothing_said_is_nothing_told() -> None:
    assert parse() == parse(url=None, bus=False, types=None) == Events()


def test_types_are_kept_once_each_in_our_order() -> None:
    given = ["code.verified", "message.sent", "code.verified"]

    assert parse(url=URL, types=given).types == ("message.sent", "code.verified")


@pytest.mark.parametrize(
    "body",
    [
        {"url": "http://example.com/"},
        {"url": 1},
        {"bus": "yes"},
        {"types": []},
        {"types": "message.sent"},
        {"types": ["message.read"]},
        {"types": ["ping"]},
        {"types": [1]},
        {"types": [["message.sent"]]},
        {"secret": "whsec_x"},
    ],
)
def test_what_cannot_be_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(BadParameter):
        event_settings.parse(body, private=False)


def test_the_first_endpoint_gets_a_secret_and_keeps_it() -> None:
    first = event_settings.changed(Events(), Events(url=URL), "drawn")
    again = event_settings.changed(first, Events(bus=True), "another")

    assert first.secret == again.secret == Key("drawn")
    assert again.url is None


def test_a_bus_needs_no_secret() -> None:
    assert event_settings.changed(Events(), Events(bus=True), "drawn").secret is None


def test_a_former_secret_signs_for_a_day() -> None:
    rotated = event_settings.rotated(Events(url=URL, secret=Key("one")), "two", now=NOW)

    assert rotated.secret is not None
    assert list(rotated.secret.valid(NOW + timedelta(hours=23))) == ["two", "one"]
    assert list(rotated.secret.valid(NOW + timedelta(hours=25))) == ["two"]


def test_no_secret_is_shown() -> None:
    settings = Events(URL, types=("message.sent",), secret=Key("one"))
    shown = event_settings.shown(event_settings.rotated(settings, "two", now=NOW), now=NOW)

    assert shown == {
        "url": URL,
        "bus": False,
        "types": ["message.sent"],
        "has_secret": True,
        "former_secret_until": "2026-11-23T08:00:00Z",
    }
