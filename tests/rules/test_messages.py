"""Message ids, shards and what the phone shows."""

import re
from collections import Counter
from datetime import UTC, datetime, timedelta, timezone

import pytest

from signet import messages
from signet.codes import Purpose, Subject
from signet.errors import TemplateNotRendered
from signet.limits import Kind
from tests.store.build import new_message, new_send

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def test_an_id_is_day_shard_and_a_part_nobody_can_guess() -> None:
    message_id = messages.new_id(NOON, shards=8)

    assert re.fullmatch(r"20261122-[0-7]-[0-9a-f]{32}", message_id)


def test_ids_sort_by_time_within_a_partition() -> None:
    moments = [NOON + timedelta(milliseconds=n) for n in range(50)]

    keys = [messages.new_id(moment, shards=1).split("-")[2] for moment in moments]

    assert keys == sorted(keys)


@pytest.mark.parametrize(
    ("now", "day"),
    [
        (datetime(2026, 11, 22, 15, 59, tzinfo=UTC), "20261122"),
        (datetime(2026, 11, 22, 16, 0, tzinfo=UTC), "20261123"),
        (datetime(2026, 11, 23, 0, 0, tzinfo=timezone(timedelta(hours=8))), "20261123"),
    ],
)
def test_the_day_of_an_id_is_the_day_in_beijing(now: datetime, day: str) -> None:
    assert messages.new_id(now, shards=1).startswith(f"{day}-0-")


def test_ids_of_one_moment_differ() -> None:
    assert len({messages.new_id(NOON, shards=8) for _ in range(500)}) == 500


@pytest.mark.parametrize("shards", [1, 8, 64])
def test_ids_use_all_shards_evenly(shards: int) -> None:
    used = Counter(messages.new_id(NOON, shards=shards).split("-")[1] for _ in range(shards * 100))

    assert set(used) == {str(shard) for shard in range(shards)}
    assert max(used.values()) < 200


def test_open_messages_are_spread_over_sixteen_shards() -> None:
    used = Counter(messages.open_shard(messages.new_id(NOON, shards=8)) for _ in range(1_600))

    assert set(used) == {f"open#{shard}" for shard in range(16)}
    assert max(used.values()) < 200


def test_the_open_shard_of_a_message_never_changes() -> None:
    assert messages.open_shard("20261122-3-abc") == "open#7"


def test_the_tag_of_a_nonce_ties_without_telling() -> None:
    nonce = bytes(16)

    assert messages.nonce_tag(nonce) == "41ef6b5e350ffef1"
    assert nonce.hex() not in messages.nonce_tag(nonce)


def test_the_built_in_text_names_app_operation_code_and_minutes() -> None:
    variables = {"name": "天东商城", "op": "付款", "ttl": "5"}

    assert messages.text("天东商城", None, variables, code="123456") == (
        "【天东商城】您正在使用天东商城服务进行付款，您的验证码是 123456，请在 5 分钟内完成验证。"
    )


def test_the_built_in_text_leaves_out_an_operation_nobody_named() -> None:
    variables = {"name": "示例应用", "ttl": "10"}

    assert messages.text("示例商城", None, variables, code="000042") == (
        "【示例商城】您正在使用示例应用服务，您的验证码是 000042，请在 10 分钟内完成验证。"
    )


def test_a_template_stands_behind_the_signature_with_its_values_and_the_code() -> None:
    text = messages.text(
        "天天商城",
        "{{name}} 的订单 {{{order_id}}}：验证码 {{code}}，{{ttl}} 分钟内有效",
        {"name": "天东商城", "ttl": "5", "order_id": "A&B<1>", "code": "no"},
        code="000042",
    )

    assert text == "【天天商城】天东商城 的订单 A&B<1>：验证码 000042，5 分钟内有效"


def test_a_template_without_a_value_names_what_is_missing() -> None:
    with pytest.raises(TemplateNotRendered, match="order_id"):
        messages.text("天天商城", "订单 {{order_id}}", {"name": "x", "ttl": "5"}, code="")


def test_only_a_message_with_a_code_has_a_subject() -> None:
    coded = new_message(new_send())
    plain = new_message(new_send(kind=Kind.NOTIFICATION))

    assert coded.subject == Subject(coded.ref.app_id, Purpose.SMS, coded.phone)
    assert plain.subject is None
