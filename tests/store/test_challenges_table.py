"""Each challenge is judged once, and what it proves is spent once."""

from dataclasses import replace
from typing import Any

import pytest
from pynamodb.exceptions import DoesNotExist

from signet import captchas
from signet.errors import CaptchaMissing, TooFast
from signet.store import apps, captcha_keys, challenges, phones, table
from signet.store.phones import AlreadyAccepted
from tests.store.build import (
    APP_ID,
    NOW,
    SECONDS,
    after,
    client,
    dynamodb_table,
    give,
    new_charge,
    new_message,
    new_send,
    put,
)  # fmt: skip

PROOF, OTHER = b"p" * 32, b"o" * 32


pytestmark = pytest.mark.usefixtures("tables")


def item(challenge_id: str = "c1") -> dict[str, Any]:
    found: dict[str, Any] = dynamodb_table("challenges").get_item(
        Key={"pk": f"{APP_ID}#{challenge_id}"}
    )["Item"]
    return found


def judge(proof: bytes = PROOF, *, at: float = 0) -> bool:
    return challenges.judge(APP_ID, "c1", proof, now=after(at))


def spending(challenge_id: str = "c1", proof: bytes = PROOF, **options: Any) -> Any:
    return replace(new_send(**options), proof=(challenge_id, proof))


def test_the_first_judgement_counts() -> None:
    assert judge()
    assert not judge(OTHER)

    kept = item()
    assert bytes(kept["proof"].value) == PROOF
    assert kept["good_until"] == SECONDS + 600
    assert kept["ttl"] > kept["good_until"]


def test_the_same_is_judged_alike_for_ten_seconds() -> None:
    assert judge()
    assert judge(at=10)
    assert not judge(at=11)


def test_a_judgement_is_of_one_app() -> None:
    assert judge()
    assert challenges.judge("another-app", "c1", OTHER, now=NOW)


def test_a_proof_is_spent_with_the_send() -> None:
    judge()
    send = spending()

    phones.accept(send, new_message(send))

    assert item().keys() == {"pk", "spent_at", "ttl"}


@pytest.mark.parametrize(
    ("challenge_id", "proof", "at"),
    [("c1", OTHER, 0), ("c2", PROOF, 0), ("c1", PROOF, 600)],
    ids=["another answer", "another challenge", "after ten minutes"],
)
def test_what_proves_nothing_sends_nothing(challenge_id: str, proof: bytes, at: float) -> None:
    judge()
    send = spending(challenge_id, proof, at=at)

    with pytest.raises(CaptchaMissing):
        phones.accept(send, new_message(send))
    assert dynamodb_table("messages").scan()["Items"] == []
    assert dynamodb_table("phones").scan()["Items"] == []


def test_a_proof_is_spent_once() -> None:
    judge()
    first = spending()
    phones.accept(first, new_message(first))

    second = spending(request_id="request-2", at=100)
    with pytest.raises(CaptchaMissing):
        phones.accept(second, new_message(second))


def test_a_refused_send_burns_no_proof() -> None:
    judge()
    earlier = new_send("earlier")
    phones.accept(earlier, new_message(earlier))

    send = spending(at=5)
    with pytest.raises(TooFast):
        phones.accept(send, new_message(send))

    later = spending(request_id="later", at=70)
    phones.accept(later, new_message(later))
    assert "spent_at" in item()


def test_a_send_that_is_not_paid_burns_no_proof() -> None:
    judge()
    give(0)
    send = spending()

    with pytest.raises(phones.NotPaid):
        phones.accept(send, new_message(send), new_charge())
    assert "proof" in item()


def test_a_used_token_is_named_before_an_empty_balance() -> None:
    give(0)
    send = spending()

    with pytest.raises(CaptchaMissing):
        phones.accept(send, new_message(send), new_charge())


def test_a_copy_of_the_send_gets_the_first_answer() -> None:
    judge()
    send = spending()
    phones.accept(send, new_message(send))

    with pytest.raises(AlreadyAccepted):
        phones.accept(send, new_message(send))


def test_keys_are_drawn_once_and_kept() -> None:
    first = captcha_keys.keys()
    apps.forget()

    assert captcha_keys.keys() == first
    challenge = captchas.new_picture(APP_ID, first, {}, now=NOW)
    assert captchas.read(
        captchas.token(challenge, first), APP_ID, first, form=captchas.Form.PICTURE, now=NOW
    )


def test_whoever_draws_second_takes_the_first_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    read = table.read

    def somebody_was_faster(request: Any) -> Any:
        monkeypatch.setattr(table, "read", read)
        put(
            "apps",
            app_id="#deployment",
            item="captcha",
            captcha_keys='{"current": "0a0b0c0d", "keys": {"0a0b0c0d": "%s"}}' % ("ab" * 32),
        )
        raise DoesNotExist

    monkeypatch.setattr(table, "read", somebody_was_faster)

    assert captcha_keys.keys() == captchas.Keys("0a0b0c0d", {"0a0b0c0d": b"\xab" * 32})


def test_keys_lie_in_an_item_of_the_deployment() -> None:
    keys = captcha_keys.keys()

    found = client("dynamodb").get_item(
        TableName="apps", Key={"app_id": {"S": "#deployment"}, "item": {"S": "captcha"}}
    )["Item"]
    assert found.keys() == {"app_id", "item", "captcha_keys"}
    assert keys.current in found["captcha_keys"]["S"]
