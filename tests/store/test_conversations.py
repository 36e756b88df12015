"""Which messages went to a number lately, for replies that do not say to whom."""

from dataclasses import replace

import pytest

from signet.apps import Signature
from signet.limits import Kind
from signet.opt_outs import Sent
from signet.store import conversations
from tests.conftest import DEMO_APP, record_app
from tests.store.build import PHONE, SECONDS, SUBJECT, accept, new_send

OTHER = "another-app"


@pytest.fixture(autouse=True)
def apps(tables: object) -> None:
    record_app(DEMO_APP)
    signature = Signature("Other", "天天商城", "s1")
    record_app(replace(DEMO_APP, app_id=OTHER, default_signature=signature))


def record(request: str, at: float, *, app_id: str = DEMO_APP.app_id, phone: str = PHONE) -> str:
    subject = replace(SUBJECT, app_id=app_id, phone=phone)
    send = new_send(request, at=at, subject=subject, kind=Kind.MARKETING)
    return accept(send).ref.message_id


def test_apps_are_known_by_their_ids_alone() -> None:
    assert conversations.app_ids() == [OTHER, DEMO_APP.app_id]
    assert conversations.app_ids(OTHER) == [OTHER]
    assert conversations.app_ids("nobody's") == []


def test_the_newest_messages_of_each_app_are_found() -> None:
    ids = [record(f"r{n}", at=n * 100) for n in range(5)]
    theirs = record("r9", at=50, app_id=OTHER)
    record("r10", at=900, phone="+8618612345670")

    found = conversations.sent_to(PHONE, conversations.app_ids())

    assert sorted((one.app_id, one.message_id) for one in found) == sorted(
        [(OTHER, theirs), *((DEMO_APP.app_id, one) for one in ids[2:])]
    )
    assert Sent(OTHER, theirs, SECONDS + 50, Kind.NOTIFICATION) in found


def test_their_signatures_are_looked_up_where_they_matter() -> None:
    record("r1", at=0)

    (found,) = conversations.sent_to(PHONE, conversations.app_ids(), signatures=True)

    assert found.signature_text == "示例商城"


def test_a_number_that_nobody_wrote_to_has_none() -> None:
    assert conversations.sent_to(PHONE, conversations.app_ids(), signatures=True) == []
