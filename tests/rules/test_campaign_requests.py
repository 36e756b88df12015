"""What an owner may say of a campaign."""

from typing import Any

import pytest

from signet import campaign_requests
from signet.campaigns import Campaign, Content, Schedule, State, Stops
from signet.errors import BadParameter
from signet.limits import Kind

BODY: dict[str, Any] = {"name": "双十一", "template": "Member_Sale", "audience_id": "a1"}
CAMPAIGN = Campaign(
    app_id="app",
    campaign_id="c1",
    version=3,
    name="双十一",
    state=State.DRAFT,
    content=Content(Kind.MARKETING, "Member_Sale", 2, "promo", "示例商城", "a1", {"name": "您"}),
    schedule=Schedule(at=1_800_000_000),
    pace=None,
    stops=Stops(failures=20),
    created_at=1,
    updated_at=2,
    created_by="owner:app",
)


def test_what_is_not_said_is_as_usual() -> None:
    wanted = campaign_requests.parse(BODY)
    assert (wanted.name, wanted.template, wanted.audience_id) == ("双十一", "Member_Sale", "a1")
    assert (wanted.sign, wanted.variables, wanted.pace) == (None, {}, 50)
    assert (wanted.schedule, wanted.stops) == (Schedule(), Stops(50, 10, 1000))


def test_everything_can_be_said() -> None:
    wanted = campaign_requests.parse({
        **BODY,
        "sign": "promo",
        "variables": {"name": " 您 "},
        "schedule": {"cron": "0 10 ? * mon  *", "zone": "Europe/Paris"},
        "pace": None,
        "stops": {"failures": 30},
    })  # fmt: skip
    assert (wanted.sign, wanted.variables, wanted.pace) == ("promo", {"name": "您"}, None)
    assert wanted.schedule == Schedule(cron="0 10 ? * MON *", zone="Europe/Paris")
    assert wanted.stops == Stops(failures=30)


@pytest.mark.parametrize(
    "written",
    ["2026-12-01T10:00:00+08:00", "2026-12-01T02:00:00Z", "2026-12-01T02:00:00.999+00:00"],
)
def test_a_time_is_an_instant(written: str) -> None:
    wanted = campaign_requests.parse({**BODY, "schedule": {"at": written}})
    assert wanted.schedule == Schedule(at=1_796_090_400)


def test_a_cron_is_in_the_zone_of_most_customers_unless_it_says_another() -> None:
    wanted = campaign_requests.parse({**BODY, "schedule": {"cron": "0 10 * * ? *"}})
    assert wanted.schedule.zone == "Asia/Shanghai"


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({"name": None}, "name"),
        ({"name": ""}, "name"),
        ({"name": "x" * 65}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"template": 3}, "template"),
        ({"audience_id": None}, "audience_id"),
        ({"sign": 5}, "sign"),
        ({"variables": []}, "variables"),
        ({"variables": {"a": 1}}, "variables"),
        ({"variables": {"code": "1"}}, "code"),
        ({"variables": {"sign": "1"}}, "sign"),
        ({"variables": {"a": "【x】"}}, "variables"),
        ({"variables": {f"v{n}": "x" for n in range(21)}}, "variables"),
        ({"schedule": "tomorrow"}, "schedule"),
        ({"schedule": {}}, "schedule"),
        ({"schedule": {"at": "2026-12-01T10:00:00Z", "cron": "0 10 * * ? *"}}, "schedule"),
        ({"schedule": {"at": "2026-12-01T10:00:00"}}, "schedule.at"),
        ({"schedule": {"at": "2026-12-01"}}, "schedule.at"),
        ({"schedule": {"at": "soon"}}, "schedule.at"),
        ({"schedule": {"at": "0001-01-01T00:00:00+14:00"}}, "schedule.at"),
        ({"schedule": {"at": "9999-12-31T23:59:59Z"}}, "schedule.at"),
        ({"schedule": {"at": 1_796_090_400}}, "at"),
        ({"schedule": {"at": "2026-12-01T10:00:00Z", "zone": "UTC"}}, "zone"),
        ({"schedule": {"cron": "0 10 * * *"}}, "cron"),
        ({"schedule": {"cron": "0 10 * * ? *", "zone": "Mars/Olympus"}}, "zone"),
        ({"schedule": {"cron": "0 10 * * ? *", "every": 3}}, "every"),
        ({"pace": 0}, "pace"),
        ({"pace": 1001}, "pace"),
        ({"pace": True}, "pace"),
        ({"pace": 1.5}, "pace"),
        ({"stops": None}, "stops"),
        ({"stops": {"failures": 0}}, "failures"),
        ({"stops": {"opt_outs": 1001}}, "opt_outs"),
        ({"stops": {"window": 99}}, "window"),
        ({"stops": {"speed": 1}}, "speed"),
        ({"audience": "a1"}, "audience"),
    ],
)
def test_what_cannot_be_is_refused_by_its_name(change: dict[str, Any], names: str) -> None:
    with pytest.raises(BadParameter, match=names):
        campaign_requests.parse({**BODY, **change})


@pytest.mark.parametrize("missing", BODY)
def test_what_is_needed_is_missed_by_its_name(missing: str) -> None:
    body = {name: value for name, value in BODY.items() if name != missing}
    with pytest.raises(BadParameter, match=f"{missing} is missing"):
        campaign_requests.parse(body)


def test_a_change_names_what_changes_and_leaves_the_rest() -> None:
    wanted = campaign_requests.changed(CAMPAIGN, {"name": "黑五", "stops": {"opt_outs": 5}})
    assert (wanted.name, wanted.template, wanted.sign) == ("黑五", "Member_Sale", "promo")
    assert wanted.variables == {"name": "您"}
    assert (wanted.schedule, wanted.pace) == (Schedule(at=1_800_000_000), None)
    assert wanted.stops == Stops(failures=20, opt_outs=5)


def test_a_change_can_take_the_time_away() -> None:
    assert campaign_requests.changed(CAMPAIGN, {"schedule": None}).schedule == Schedule()
