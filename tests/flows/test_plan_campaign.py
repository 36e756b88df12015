"""The dry run: what a plan holds and costs, what there is when there is none, and crashes."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType

import pytest

from signet import campaigns
from signet.apps import Guard, ReviewState, Signature, Switches, Use
from signet.audiences import Audience, AudienceRow, State, Wanted
from signet.campaigns import Campaign, Content, Plan, Planned, Recipient, Schedule, Stops
from signet.errors import Missing, Unavailable
from signet.flows.plan_campaign import Job, Stores, plan_campaign
from signet.limits import Kind
from signet.planning import Reach
from signet.routes import Wanted as Routed
from signet.segments import Rule
from signet.templates import Template
from signet.vendor_templates import Ours, VendorTemplate
from tests.store.build import APP_ID, NOW, SECONDS

PRICE = 50_000
TEXT = "{{who}}，今天八折。回复TD退订"
CONTENT = Content(Kind.MARKETING, "Sale", 1, "Shop", "示例商城", "a1")
OTHER = replace(CONTENT, audience_id="a2")
CAMPAIGN = Campaign(
    app_id=APP_ID,
    campaign_id="c1",
    version=3,
    name="周年庆",
    state=campaigns.State.DRAFT,
    content=CONTENT,
    schedule=Schedule(),
    pace=50,
    stops=Stops(),
    created_at=SECONDS,
    updated_at=SECONDS,
    created_by="owner",
    planned=Planned("r1"),
)
JOB = Job(APP_ID, "c1", 3, "r1", "a1")
REACH = Reach("示例应用", "示例公司", Switches(), Guard())
SALE = Template("Sale", Kind.MARKETING, TEXT, 1)
MARKETING = Signature("Shop", "示例商城", "s1", use=Use.MARKETING)


READY = Audience(APP_ID, "a1", "会员", State.READY, Wanted(), SECONDS, SECONDS)


def somebody(
    phone: str,
    variables: Mapping[str, str] = MappingProxyType({"who": "张三"}),
    *,
    zone: str | None = None,
    consented: bool = True,
) -> AudienceRow:
    """A row of an audience."""
    return AudienceRow(phone, variables, zone, consented)


def phone(number: int) -> str:
    return f"+86186{number:08}"


@dataclass
class World:
    """What a plan is made of, what it wrote, and what happens in front of each step."""

    campaign: Campaign | None = CAMPAIGN
    reach: Reach | None = REACH
    template: Template | None = SALE
    signature: Signature | None = MARKETING
    audience: Audience | None = READY
    parts: list[list[AudienceRow]] = field(
        default_factory=lambda: [[somebody(phone(1)), somebody(phone(2))]]
    )
    text: str = TEXT
    carrier: str = "webhook"
    vendor: VendorTemplate | None = None
    prices: dict[str, int] = field(default_factory=dict)
    out: set[str] = field(default_factory=set)
    capped: set[str] = field(default_factory=set)
    before: Callable[[str], None] = lambda _: None
    written: dict[str, list[Recipient]] = field(default_factory=dict)
    plans: dict[str, Plan] = field(default_factory=dict)

    def run(self, job: Job = JOB) -> None:
        plan_campaign(job, self.stores, abroad=Rule.GSM, now=NOW)

    @property
    def stores(self) -> Stores:
        return Stores(
            campaign=self._campaign,
            change=self._change,
            reach=lambda app_id: self.reach,
            template=lambda app_id, name: self.template,
            template_text=lambda app_id, name, version: self.text,
            signature=lambda app_id, name: self.signature,
            audience=self._audience,
            parts=self._parts,
            zone_of=lambda e164, zone: zone or f"{e164[1:3]}|?",
            carrier=lambda wanted: self.carrier if isinstance(wanted, Routed) else None,
            vendor_template=lambda app_id, ours: self.vendor if isinstance(ours, Ours) else None,
            price_overrides=lambda: self.prices,
            out_of=self._out_of,
            capped=self._capped,
            write_part=self._write_part,
            write_plan=self._write_plan,
        )

    @property
    def plan(self) -> Plan:
        """The plan that the campaign names."""
        assert self.campaign is not None
        assert self.campaign.planned is not None
        assert self.campaign.planned.key is not None
        return self.plans[self.campaign.planned.key]

    @property
    def problem(self) -> str | None:
        assert self.campaign is not None
        assert self.campaign.planned is not None
        return self.campaign.planned.problem

    def rows(self, place: int) -> list[Recipient]:
        """Those of a part of the plan."""
        plan = self.plan
        return self.written[campaigns.part_key(plan.folder, plan.parts[place].number or 0)]

    def _campaign(self, app_id: str, campaign_id: str) -> Campaign:
        self.before("campaign")
        if self.campaign is None:
            raise Missing
        assert (app_id, campaign_id) == (APP_ID, "c1")
        return self.campaign

    def _change(
        self, app_id: str, campaign_id: str, change: Callable[[Campaign], Campaign]
    ) -> Campaign:
        self.before("change")
        self.campaign = change(self._campaign(app_id, campaign_id))
        self.before("changed")
        return self.campaign

    def _audience(self, app_id: str, audience_id: str) -> Audience:
        self.before("audience")
        if self.audience is None:
            raise Missing
        return self.audience

    def _parts(self, audience: Audience) -> Iterator[Sequence[AudienceRow]]:
        for part in self.parts:
            self.before("part")
            yield part

    def _out_of(self, app_id: str, phones: Collection[str]) -> set[str]:
        self.before("out_of")
        return self.out & set(phones)

    def _capped(self, app_id: str, phones: Collection[str], now: datetime) -> set[str]:
        assert now == NOW
        return self.capped & set(phones)

    def _write_part(self, folder: str, number: int, rows: Sequence[Recipient]) -> str:
        self.before("write_part")
        self.written[campaigns.part_key(folder, number)] = list(rows)
        return f"etag-{number}"

    def _write_plan(self, plan: Plan) -> str:
        self.before("write_plan")
        self.plans[f"{plan.folder}/plan.json"] = plan
        return f"{plan.folder}/plan.json"


# --- What a plan holds ------------------------------------------------------------------------


def test_marketing_counts_its_way_out_once_whoever_wrote_its_text() -> None:
    world, unfinished = World(), World(text=TEXT.removesuffix("回复TD退订"))

    for each in (world, unfinished):
        each.run()

    assert world.plan.samples == unfinished.plan.samples
    assert all(text.count("回复TD退订") == 1 for text in unfinished.plan.samples)


def test_the_campaign_names_a_plan_with_everybody_and_what_they_cost() -> None:
    world = World()

    world.run()

    plan = world.plan
    assert world.campaign == replace(
        CAMPAIGN, planned=Planned("r1", f"{plan.folder}/plan.json", 2, 2 * PRICE)
    )
    assert plan.folder == f"plans/{APP_ID}/c1/3/r1/a1"
    assert plan.planned_at == SECONDS
    assert (plan.rows, plan.segments, plan.micros, plan.expected_micros) == (2, 2, 100_000, 100_000)
    assert world.rows(0) == [
        Recipient(phone(1), {"who": "张三"}),
        Recipient(phone(2), {"who": "张三"}),
    ]
    assert plan.constants == {
        "name": "示例应用",
        "sign": "示例商城",
        "template": "Sale",
        "ttl": "10",
    }


def test_parts_lie_zone_by_zone_however_the_rows_came() -> None:
    rows = [somebody(phone(number), zone=f"zone {number % 3}") for number in range(9)]
    world = World(parts=[rows[:5], rows[5:]])

    world.run()

    plan = world.plan
    assert plan.zones == ("zone 0", "zone 1", "zone 2")
    assert [part.zone for part in plan.parts] == [0, 1, 2]
    assert [{row.phone for row in world.rows(place)} for place in range(3)] == [
        {phone(number) for number in range(zone, 9, 3)} for zone in range(3)
    ]


def test_texts_of_another_length_have_another_price() -> None:
    long = somebody(phone(2), {"who": "好" * 80})
    world = World(parts=[[somebody(phone(1)), long]], prices={"86": 7})

    world.run()

    assert [(part.segments, part.price) for part in world.plan.parts] == [(1, 7), (2, 14)]
    assert world.plan.micros == 21


def test_the_first_texts_are_shown_as_people_will_read_them() -> None:
    rows = [somebody(phone(number), {"who": f"客户{number}"}) for number in range(5)]
    world = World(parts=[rows[:2], rows[2:]])

    world.run()

    assert world.plan.samples == tuple(
        f"【示例商城】客户{number}，今天八折。回复TD退订" for number in range(3)
    )


def test_the_text_that_the_carrier_sends_is_what_is_priced() -> None:
    theirs = VendorTemplate("SMS_1", {"Shop": "S"}, {"who": "who"}, "${who}" + "，今天八折" * 20)
    world = World(carrier="alibaba", vendor=theirs)

    world.run()

    assert {part.segments for part in world.plan.parts} == {2}


def test_who_can_never_be_sent_it_is_counted_by_reason_and_not_planned() -> None:
    rows = [
        somebody(phone(1)),
        somebody(phone(2), consented=False),
        somebody(phone(3), {}),
        somebody(phone(4), {}),
        somebody("+12015550123"),
    ]
    world = World(parts=[rows])

    world.run()

    assert world.plan.dropped == {"no_consent": 1, "no_variables": 2, "country": 1}
    assert [row.phone for row in world.rows(0)] == [phone(1)]


def test_who_would_be_left_out_now_stays_planned_and_paid_but_is_not_expected_to_cost() -> None:
    rows = [somebody(phone(number)) for number in range(5)]
    world = World(parts=[rows[:3], rows[3:]], out={phone(0), phone(3)}, capped={phone(3), phone(4)})

    world.run()

    plan = world.plan
    assert plan.rows == 5
    assert plan.expected_drops == {"opted_out": 2, "capped": 1}
    assert (plan.micros, plan.expected_micros) == (5 * PRICE, 2 * PRICE)


def test_a_notification_goes_without_the_rules_of_marketing() -> None:
    world = World(
        campaign=replace(CAMPAIGN, content=replace(CONTENT, kind=Kind.NOTIFICATION)),
        reach=REACH._replace(company=None),
        template=replace(SALE, kind=Kind.NOTIFICATION),
        signature=replace(MARKETING, use=Use.VERIFICATION_NOTIFICATION),
        parts=[[somebody(phone(1), zone="Asia/Tokyo", consented=False)]],
        out={phone(1)},
        capped={phone(1)},
    )

    world.run()

    assert (world.plan.rows, world.plan.zones, world.plan.expected_drops) == (1, ("",), {})


# --- When there is none -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("world", "problem"),
    [
        (World(reach=None), "sms_off"),
        (World(reach=REACH._replace(company=None)), "no_company"),
        (World(template=None), "template"),
        (World(template=replace(SALE, state=ReviewState.PENDING)), "template"),
        (World(signature=None), "signature"),
        (World(audience=None), "audience_gone"),
        (World(audience=replace(READY, state=State.READING)), "audience_not_ready"),
        (World(audience=replace(READY, state=State.FAILED)), "audience_not_ready"),
        (World(parts=[]), "nobody"),
        (World(parts=[[somebody(phone(1), consented=False)]]), "nobody"),
    ],
)
def test_the_campaign_says_why_it_has_no_plan(world: World, problem: str) -> None:
    world.run()

    assert world.problem == problem
    assert world.plans == {}


def test_an_audience_that_goes_while_it_is_read_is_a_problem_too() -> None:
    def gone(step: str) -> None:
        if step == "part":
            raise Missing

    world = World(before=gone)

    world.run()

    assert world.problem == "audience_gone"


@pytest.mark.parametrize(
    "planned",
    [None, Planned("r2"), Planned("r1", "key", 2, 9), Planned("r1", problem="nobody")],
    ids=["given up", "another's", "done", "failed"],
)
def test_what_is_not_awaited_is_not_planned(planned: Planned | None) -> None:
    campaign = replace(CAMPAIGN, planned=planned)
    world = World(campaign=campaign)

    world.run()

    assert world.campaign == campaign
    assert world.written == {}


@pytest.mark.parametrize(
    ("meanwhile", "planned"),
    [
        (replace(CAMPAIGN, version=4, planned=Planned("r2")), Planned("r2")),
        (replace(CAMPAIGN, content=OTHER), Planned("r1", problem="overtaken")),
        (replace(CAMPAIGN, planned=None), None),
    ],
    ids=["planned anew", "edited", "given up"],
)
def test_whoever_changes_the_campaign_meanwhile_is_not_overwritten(
    meanwhile: Campaign, planned: Planned | None
) -> None:
    world = World()

    def edit(step: str) -> None:
        if step == "change":
            world.campaign = meanwhile

    world.before = edit
    world.run()

    assert world.campaign == replace(meanwhile, planned=planned)


def test_a_version_with_another_pace_has_the_same_plan() -> None:
    world = World()

    def edit(step: str) -> None:
        if step == "change":
            world.campaign = replace(CAMPAIGN, version=4, pace=7)

    world.before = edit
    world.run()

    assert world.plan.rows == 2


@pytest.mark.parametrize("step", ["campaign", "write_plan"])
def test_a_campaign_that_is_deleted_needs_no_plan(step: str) -> None:
    world = World()

    def delete(now: str) -> None:
        if now == step:
            world.campaign = None

    world.before = delete
    world.run()

    assert world.campaign is None


# --- Crashes ----------------------------------------------------------------------------------

STEPS = ["campaign", "audience", "part", "out_of", "write_part", "write_plan", "change", "changed"]


@pytest.mark.parametrize("step", STEPS)
def test_whatever_fails_the_next_attempt_plans_it_in_a_folder_of_its_own(step: str) -> None:
    world = World()

    def fail(now: str) -> None:
        if now == step:
            world.before = lambda _: None
            raise Unavailable

    world.before = fail
    with pytest.raises(Unavailable):
        world.run()
    left = dict(world.written)
    world.run(JOB._replace(attempt="a2"))

    assert world.plan.rows == 2
    folder = JOB.folder if step == "changed" else JOB._replace(attempt="a2").folder
    assert world.plan.folder == folder
    assert left.items() <= world.written.items()


def test_an_event_names_the_job() -> None:
    event = {
        **{"v": 1, "task": "plan", "app_id": APP_ID, "campaign_id": "c1"},
        **{"version": 3, "run": "r1"},
    }

    assert Job.parse(event, attempt="a1") == JOB
