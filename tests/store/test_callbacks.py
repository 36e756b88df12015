"""What is remembered of carriers' callbacks, and for how long."""

import pytest

from signet.messages import MessageRef
from signet.store import callbacks
from tests.store.build import APP_ID, NOW, after

pytestmark = pytest.mark.usefixtures("tables")

REF = MessageRef(APP_ID, "20261122-1-0123")
DAY = 86_400


def test_a_callback_is_remembered_for_a_day() -> None:
    assert not callbacks.was_taken("digest", NOW)

    callbacks.mark_taken("digest", NOW)

    assert callbacks.was_taken("digest", after(DAY - 1))
    assert not callbacks.was_taken("digest", after(DAY))
    assert not callbacks.was_taken("another", NOW)


def test_a_carriers_own_id_leads_to_the_message_for_four_days() -> None:
    callbacks.remember("tencent", "sid-1", REF, now=NOW)

    assert callbacks.find("tencent", "sid-1", after(4 * DAY - 1)) == REF
    assert callbacks.find("tencent", "sid-1", after(4 * DAY)) is None


def test_an_id_is_the_carriers_own() -> None:
    callbacks.remember("tencent", "sid-1", REF, now=NOW)

    assert callbacks.find("alibaba", "sid-1", NOW) is None
    assert callbacks.find("tencent", "sid-2", NOW) is None


def test_an_absurd_id_is_looked_for_like_any_other() -> None:
    assert callbacks.find("tencent", "x" * 9_999, NOW) is None
