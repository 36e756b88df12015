"""Signing by Standard Webhooks, checked by another implementation of it."""

import time

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from signet import standard_webhooks
from signet.standard_webhooks import SecretInvalid

KEY, FORMER = b"k" * 32, b"f" * 32
BODY = '{"text":"尊敬的用户"}'


def signed(*keys: bytes) -> dict[str, str]:
    return standard_webhooks.headers(keys, "evt_1", int(time.time()), BODY.encode())


def test_another_implementation_takes_the_signature() -> None:
    receiver = Webhook(standard_webhooks.secret(KEY))

    assert receiver.verify(BODY.encode(), signed(KEY)) == {"text": "尊敬的用户"}


@pytest.mark.parametrize("key", [KEY, FORMER], ids=["new", "former"])
def test_while_a_secret_changes_both_are_good(key: bytes) -> None:
    Webhook(standard_webhooks.secret(key)).verify(BODY.encode(), signed(KEY, FORMER))


@pytest.mark.parametrize("header", ["webhook-id", "webhook-timestamp"])
def test_id_and_time_are_signed_too(header: str) -> None:
    receiver, headers = Webhook(standard_webhooks.secret(KEY)), signed(KEY)
    another = {"webhook-id": "evt_2", "webhook-timestamp": str(int(time.time()) - 5)}

    with pytest.raises(WebhookVerificationError):
        receiver.verify(BODY.encode(), {**headers, header: another[header]})


def test_a_key_comes_back_from_its_secret() -> None:
    assert standard_webhooks.key(standard_webhooks.secret(KEY)) == KEY


@pytest.mark.parametrize(
    "text",
    [
        *("", "whsec_", "whsec_AAAA", "whsec_not base64", "a2tra2tra2tra2tra2tra2tra2tra2tra2s="),
        standard_webhooks.secret(b"k" * 23),
        standard_webhooks.secret(b"k" * 65),
    ],
)
def test_what_is_no_secret_is_refused(text: str) -> None:
    with pytest.raises(SecretInvalid):
        standard_webhooks.key(text)
