"""The models in the code and the tables in template.yaml are the same."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from signet.store.apps import AppItem
from signet.store.balances import BalanceItem
from signet.store.campaigns import CampaignItem
from signet.store.carriers import CarrierItem
from signet.store.events import EventItem
from signet.store.ledger import LedgerItem
from signet.store.messages import MessageItem
from signet.store.opt_out_items import OptOutItem
from signet.store.phones import PhoneItem
from signet.store.table import Table
from signet.store.users import UserItem
from tests.schemas import TEMPLATE

KEPT = [
    *(("Apps", AppItem), ("Balances", BalanceItem), ("Ledger", LedgerItem), ("Users", UserItem)),
    *(("OptOuts", OptOutItem), ("Campaigns", CampaignItem)),
]
EXPIRING = [
    *(("Phones", PhoneItem), ("Messages", MessageItem)),
    *(("Carriers", CarrierItem), ("Events", EventItem)),
]
MODELS = [*KEPT, *EXPIRING]


def in_template(logical_id: str) -> dict[str, Any]:
    properties: dict[str, Any] = TEMPLATE["Resources"][logical_id]["Properties"]
    return properties


def keys(schema: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    return {each["KeyType"]: each["AttributeName"] for each in schema}


def projection(described: dict[str, Any]) -> dict[str, Any]:
    return {
        name: sorted(value) if isinstance(value, list) else value
        for name, value in described.items()
    }


@pytest.mark.parametrize(("logical_id", "model"), MODELS)
def test_a_model_has_the_keys_of_its_table(logical_id: str, model: type[Table]) -> None:
    schema = model._get_schema()

    assert keys(schema["key_schema"]) == keys(in_template(logical_id)["KeySchema"])


@pytest.mark.parametrize(("logical_id", "model"), MODELS)
def test_a_model_has_the_indexes_of_its_table(logical_id: str, model: type[Table]) -> None:
    ours = {
        index["index_name"]: (keys(index["key_schema"]), projection(index["projection"]))
        for index in model._get_schema()["global_secondary_indexes"]
    }
    theirs = {
        index["IndexName"]: (keys(index["KeySchema"]), projection(index["Projection"]))
        for index in in_template(logical_id).get("GlobalSecondaryIndexes", [])
    }

    assert ours == theirs


@pytest.mark.parametrize(("logical_id", "model"), MODELS)
def test_a_model_has_the_attribute_types_of_its_table(logical_id: str, model: type[Table]) -> None:
    def types(definitions: Sequence[Mapping[str, Any]]) -> dict[str, str]:
        return {each["AttributeName"]: each["AttributeType"] for each in definitions}

    ours = types(model._get_schema()["attribute_definitions"])

    assert ours == types(in_template(logical_id)["AttributeDefinitions"])


@pytest.mark.parametrize(("logical_id", "model"), EXPIRING)
def test_what_expires_does_so_by_the_attribute_that_dynamodb_watches(
    logical_id: str, model: type[Table]
) -> None:
    watched = in_template(logical_id)["TimeToLiveSpecification"]["AttributeName"]

    assert watched in model.get_attributes()
