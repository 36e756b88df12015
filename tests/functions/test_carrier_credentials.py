"""The credentials of a carrier outside AWS, from a secret that was made without a value."""

import json

import boto3
import pytest

from signet.edge import secrets
from signet.errors import Unavailable

SECRET = "signet-test-carrier-secret"


@pytest.fixture
def carrier_secret(tables: object, monkeypatch: pytest.MonkeyPatch) -> str:
    """A secret as the template makes it."""
    monkeypatch.setenv("SIGNET_CARRIER_SECRET_ARN", SECRET)
    client = boto3.client("secretsmanager")
    if SECRET not in {one["Name"] for one in client.list_secrets()["SecretList"]}:
        client.create_secret(Name=SECRET)
    return SECRET


def test_a_secret_that_nobody_has_filled_holds_no_credentials(carrier_secret: str) -> None:
    assert secrets.carrier_credentials("alibaba") == "{}"


def test_each_carrier_gets_its_own_credentials(carrier_secret: str) -> None:
    both = {"alibaba": {"access_key_id": "a"}, "webhook": {"url": "https://sms.example"}}
    boto3.client("secretsmanager").put_secret_value(
        SecretId=carrier_secret, SecretString=json.dumps(both)
    )

    assert json.loads(secrets.carrier_credentials("webhook")) == both["webhook"]
    assert secrets.carrier_credentials("tencent") == "{}"


def test_a_secret_that_cannot_be_read_is_not_taken_for_an_empty_one(
    tables: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nobody listens there.
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("SIGNET_CARRIER_SECRET_ARN", SECRET)
    secrets._client.cache_clear()

    with pytest.raises(Unavailable):
        secrets.carrier_credentials("alibaba")

    secrets._client.cache_clear()
