"""Planning: who fits, who is left out and why, and parts in bounded memory."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signet import billing, planning, prices
from signet.apps import Guard, ReviewState, Signature, Switches, Use
from signet.audiences import AudienceRow
from signet.billing import Way
from signet.campaigns import Content, Recipient
from signet.limits import Kind
from signet.planning import Fit, Group, Groups, Left, LeftOut, Problem, Reach, Unplannable, Ways
from signet.segments import Rule
from signet.templates import Template

PHONE = "+8618612345678"
TEXT = "{{who}}，{{gift}}今天{{#if code_word}}凭{{code_word}}{{/if}}八折，{{name}} 回复TD退订"
CONTENT = Content(
    kind=Kind.MARKETING,
    template="Sale",
    template_version=1,
    signature="Shop",
    signature_text="示例商城",
    audience_id="a1",
    variables={"gift": "茶杯"},
)
REACH = Reach("示例应用", "示例公司", Switches(), Guard())
TEMPLATE = Template("Sale", Kind.MARKETING, TEXT, 1)
SIGNATURE = Signature("Shop", "示例商城", "s1", use=Use.MARKETING)


def somebody(
    phone: str = PHONE,
    variables: Mapping[str, str] = MappingProxyType({"who": "张三"}),
    *,
    zone: str | None = None,
    consented: bool = True,
) -> AudienceRow:
    """A row of an audience."""
    return AudienceRow(phone, variables, zone, consented)


def way(country: str) -> Way | None:
    if country == "81":
        return None
    return billing.way(
        "webhook",
        is_mainland=country == "86",
        abroad=Rule.GSM,
        plain_abroad=False,
        theirs=lambda: None,
    )


WAYS = Ways(
    way,
    lambda phone, segments: prices.price_of(phone, segments, {}),
    lambda phone, zone: f"{phone[1:3]}|{zone or '?'}",
)


def fit(
    row: AudienceRow, *, content: Content = CONTENT, reach: Reach = REACH, text: str = TEXT
) -> Fit:
    words = planning.words(content, text, app_name=reach.name)
    return planning.fit(row, words, WAYS, reach)


def reason(row: AudienceRow, **how: Any) -> Left:
    with pytest.raises(LeftOut) as left:
        fit(row, **how)
    return left.value.reason


# --- One row ----------------------------------------------------------------------------------


def test_a_row_is_planned_with_its_words_its_price_and_its_zone() -> None:
    planned = fit(somebody(zone="Asia/Urumqi"))

    assert planned.text == "【示例商城】张三，茶杯今天八折，示例应用 回复TD退订"
    assert planned.recipient == Recipient(PHONE, {"who": "张三"})
    assert planned.group == Group("86|Asia/Urumqi", 1, 50_000)


def test_a_column_goes_before_the_campaigns_value_unless_its_cell_is_empty() -> None:
    column = fit(somebody(variables={"who": "张三", "gift": "茶壶", "age": "40"}))
    empty = fit(somebody(variables={"who": "张三", "gift": "  "}))

    assert "茶壶今天" in column.text
    assert column.recipient.variables == {"who": "张三", "gift": "茶壶"}
    assert "茶杯今天" in empty.text
    assert empty.recipient.variables == {"who": "张三"}


def test_a_name_may_be_given_in_the_place_of_the_apps() -> None:
    named = replace(CONTENT, variables={"gift": "茶杯", "name": "茶馆"})

    assert "茶馆 回复TD退订" in fit(somebody(), content=named).text
    assert "茶社 回复TD退订" in fit(somebody(variables={"who": "张三", "name": "茶社"})).text


def test_nobody_sets_what_else_the_service_fills_in() -> None:
    given = {"sign": "银行", "template": "银行", "ttl": "99", "code": "123456"}
    text = "{{sign}} {{template}} {{ttl}} {{code}}"

    planned = fit(somebody(variables=given), content=replace(CONTENT, variables=given), text=text)

    assert planned.text == "【示例商城】示例商城 Sale 10 "
    assert planned.recipient.variables == {}


def test_a_notification_has_no_zone_and_asks_for_no_consent() -> None:
    content = replace(CONTENT, kind=Kind.NOTIFICATION)

    assert fit(somebody(consented=False), content=content).group == Group("", 1, 50_000)


WORLD = REACH._replace(
    switches=Switches(international=True), guard=Guard(countries=("86", "44", "81", "370"))
)


@pytest.mark.parametrize(
    ("row", "left"),
    [
        (somebody(consented=False), Left.NO_CONSENT),
        (somebody("+12015550123"), Left.COUNTRY),
        (somebody("+819012345678"), Left.NO_CARRIER),
        (somebody("+37060112345"), Left.NO_PRICE),
        (somebody(variables={}), Left.NO_VARIABLES),
        (somebody(variables={"who": " "}), Left.NO_VARIABLES),
        (somebody(variables={"who": "【银行】"}), Left.BRACKETS),
        (somebody(variables={"who": "a\u0007b"}), Left.BRACKETS),
        (somebody(variables={"who": "好" * 401}), Left.TOO_LONG),
        (somebody(variables={"who": "好" * 390}), Left.TOO_LONG),
    ],
    ids=lambda value: value.value if isinstance(value, Left) else "",
)
def test_who_can_never_be_sent_it_is_left_out_with_a_reason(row: AudienceRow, left: Left) -> None:
    assert reason(row, reach=WORLD) is left


def test_a_country_is_closed_by_the_list_and_by_the_switch() -> None:
    london = somebody("+447400123456")

    assert fit(london, reach=WORLD).group.zone == "44|?"
    assert reason(london, reach=WORLD._replace(guard=Guard())) is Left.COUNTRY
    assert reason(london, reach=WORLD._replace(switches=Switches())) is Left.COUNTRY


def test_a_text_that_is_no_template_fits_nobody() -> None:
    words = replace(planning.words(CONTENT, TEXT, app_name="x"), template_text="{{who")

    with pytest.raises(LeftOut) as left:
        planning.fit(somebody(), words, WAYS, REACH)

    assert left.value.reason is Left.NOT_RENDERED


# --- The whole --------------------------------------------------------------------------------


def test_what_may_be_sent_passes() -> None:
    assert planning.check(CONTENT, REACH, TEMPLATE, SIGNATURE) is REACH


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"reach": None}, Problem.SMS_OFF),
        ({"reach": REACH._replace(switches=Switches(sms=False))}, Problem.SMS_OFF),
        ({"reach": REACH._replace(company=None)}, Problem.NO_COMPANY),
        ({"template": None}, Problem.TEMPLATE),
        ({"template": replace(TEMPLATE, state=ReviewState.PENDING)}, Problem.TEMPLATE),
        ({"template": replace(TEMPLATE, kind=Kind.NOTIFICATION)}, Problem.TEMPLATE),
        ({"signature": None}, Problem.SIGNATURE),
        ({"signature": replace(SIGNATURE, state=ReviewState.FILING)}, Problem.SIGNATURE),
        ({"signature": replace(SIGNATURE, use=Use.VERIFICATION_NOTIFICATION)}, Problem.SIGNATURE),
    ],
)
def test_what_may_not_be_sent_has_no_plan(changes: dict[str, Any], problem: Problem) -> None:
    given: dict[str, Any] = {
        "reach": REACH,
        "template": TEMPLATE,
        "signature": SIGNATURE,
        **changes,
    }

    with pytest.raises(Unplannable) as unplannable:
        planning.check(CONTENT, **given)

    assert unplannable.value.problem is problem


def test_a_notification_needs_no_company() -> None:
    content = replace(CONTENT, kind=Kind.NOTIFICATION)
    template = replace(TEMPLATE, kind=Kind.NOTIFICATION)
    signature = replace(SIGNATURE, use=Use.VERIFICATION_NOTIFICATION)

    assert planning.check(content, REACH._replace(company=None), template, signature)


@pytest.mark.parametrize("value", ["【银行】", "好" * 401])
def test_values_for_everybody_must_fit_into_a_text(value: str) -> None:
    with pytest.raises(Unplannable) as unplannable:
        planning.words(replace(CONTENT, variables={"gift": value}), TEXT, app_name="x")

    assert unplannable.value.problem is Problem.VARIABLES


# --- Parts ------------------------------------------------------------------------------------


@dataclass
class Bucket:
    """Where parts are put."""

    parts: list[list[Recipient]] = field(default_factory=list)

    def write(self, number: int, rows: Sequence[Recipient]) -> str:
        assert number == len(self.parts)
        self.parts.append(list(rows))
        return f"etag-{number}"


def fits(places: list[tuple[int, int]]) -> list[Fit]:
    """So many rows, each in one of some zones with one of some prices."""
    return [
        Fit(Group(f"zone {zone}", 1, price), Recipient(f"+{number}", {}), "")
        for number, (zone, price) in enumerate(places)
    ]


PLACES = st.lists(st.tuples(st.integers(0, 6), st.integers(1, 3)), max_size=300)


@given(PLACES, st.integers(1, 40))
def test_every_row_is_in_one_part_with_its_like_and_zones_lie_together(
    places: list[tuple[int, int]], held: int
) -> None:
    bucket, rows = Bucket(), fits(places)
    groups = Groups(bucket.write, held=held)
    for row in rows:
        groups.add(row)
    zones, parts = groups.close()

    found = Counter(
        (Group(zones[part.zone], part.segments, part.price), recipient.phone)
        for part in parts
        for recipient in bucket.parts[part.number or 0]
    )
    assert found == Counter((row.group, row.recipient.phone) for row in rows)
    assert [part.zone for part in parts] == sorted(part.zone for part in parts)
    assert zones == tuple(sorted({row.group.zone for row in rows}))
    assert [part.rows for part in parts] == [len(bucket.parts[part.number or 0]) for part in parts]
    assert all(part.etag == f"etag-{part.number}" for part in parts)


def test_no_more_rows_wait_than_memory_is_meant_for() -> None:
    bucket = Bucket()
    groups = Groups(bucket.write, held=50)

    for taken, row in enumerate(fits([(number % 40, 1) for number in range(2_000)]), start=1):
        groups.add(row)
        assert taken - sum(map(len, bucket.parts)) <= 50


def test_a_part_holds_a_thousand_rows_at_most() -> None:
    bucket = Bucket()
    groups = Groups(bucket.write)
    for row in fits([(0, 1)] * 2_500):
        groups.add(row)
    groups.close()

    assert [len(part) for part in bucket.parts] == [1_000, 1_000, 500]


@pytest.mark.parametrize("most", ["MOST_PARTS", "MOST_ZONES"])
def test_rows_that_have_too_little_in_common_are_no_campaign(
    most: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, most, 3)
    groups = Groups(Bucket().write)
    for row in fits([(number, 1) for number in range(4)]):
        groups.add(row)

    with pytest.raises(Unplannable) as unplannable:
        groups.close()

    assert unplannable.value.problem is Problem.SCATTERED


def test_what_goes_in_plain_characters_is_in_parts_of_its_own() -> None:
    plain = billing.Way(is_mainland=False, abroad=Rule.GSM, plain=True, theirs=None)
    ways = replace(WAYS, way=lambda country: plain)
    content = replace(CONTENT, signature_text="Shop", variables={})
    words = planning.words(content, "“{{who}}” " + "sale " * 14, app_name="x")
    english, chinese = (somebody("+447400123456", {"who": who}) for who in ("Bob", "鲍勃"))

    one, other = (planning.fit(row, words, ways, WORLD) for row in (english, chinese))

    assert (one.group.plain, one.group.segments) == (True, 1)
    assert (other.group.plain, other.group.segments) == (False, 2)
