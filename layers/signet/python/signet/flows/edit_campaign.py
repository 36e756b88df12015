"""Writing campaigns: a draft, its changes, each of which is a new version, and its end.

What is said to whom is checked here against what is approved. A plan is of one content, so
another content drops it, and with it the time of a campaign that was scheduled.
"""

from dataclasses import replace
from datetime import datetime
from secrets import token_hex

from signet import campaign_requests, templates
from signet.acts import Act
from signet.apps import App, ReviewState, Signature, Use
from signet.audits import Entry
from signet.campaign_requests import Wanted
from signet.campaigns import Campaign, Content, State
from signet.edge.schedules import Schedules
from signet.errors import (
    BadParameter,
    Missing,
    NoEffect,
    SignatureInvalid,
    SignatureNotVerified,
    TemplateNotFound,
    TemplateNotVerified,
)
from signet.fields import Body
from signet.flows import change_app, show_campaign, start_campaign, time_campaign
from signet.limits import Kind
from signet.store import apps, audiences
from signet.store import campaigns as store
from signet.store import templates as template_store
from signet.templates import Template


def create(act: Act, body: Body) -> Body:
    """A new draft. Raises BadParameter, and the errors of what it names."""
    wanted = campaign_requests.parse(body)
    app = change_app.get(act.by)
    seconds = int(act.at.timestamp())
    campaign = Campaign(
        app_id=act.by,
        # In the order in which they are made.
        campaign_id=f"{int(act.at.timestamp() * 1000):012x}{token_hex(4)}",
        version=1,
        name=wanted.name,
        state=State.DRAFT,
        content=_content(app, wanted),
        schedule=wanted.schedule,
        pace=wanted.pace,
        stops=wanted.stops,
        created_at=seconds,
        updated_at=seconds,
        created_by=act.actor,
    )
    store.create(campaign, entry(act, "create", campaign))
    return show_campaign.document(campaign, now=act.at)


def edit(act: Act, campaign_id: str, body: Body, schedules: Schedules) -> Body:
    """A new version. Raises BadParameter, Missing, NoEffect, and the errors of what it names."""
    app, seen = change_app.get(act.by), store.get(act.by, campaign_id)

    def change(before: Campaign) -> Campaign:
        if before.state is not seen.state:
            raise NoEffect("The campaign was changed meanwhile.")
        return _edited(app, before, body, now=act.at)

    also = store.trailed(lambda after: entry(act, "edit", after))
    after = store.change(act.by, campaign_id, change, also=also)
    if after.state is State.SCHEDULED:
        time_campaign.put(schedules, after)
    elif seen.state is State.SCHEDULED:
        time_campaign.delete(schedules, act.by, campaign_id)
    return show_campaign.document(after, now=act.at)


def remove(act: Act, campaign_id: str) -> Body:
    """Forget a draft. Raises Missing, and NoEffect for anything else."""
    campaign = store.get(act.by, campaign_id)
    if campaign.state is not State.DRAFT or not start_campaign.is_over(campaign):
        raise NoEffect("Only drafts are deleted.")
    store.delete(act.by, campaign_id, entry(act, "delete", campaign))
    return {}


def entry(act: Act, action: str, campaign: Campaign, *, comment: str | None = None) -> Entry:
    """What the trail says of an act."""
    subject = f"campaign:{campaign.name}"
    return act.entry(action, subject, version=campaign.version, comment=comment)


def _edited(app: App, before: Campaign, body: Body, *, now: datetime) -> Campaign:
    if before.state not in (State.DRAFT, State.SCHEDULED):
        raise NoEffect("Only a draft and a scheduled campaign can be changed.")
    wanted = campaign_requests.changed(before, body)
    same_content = not campaign_requests.CONTENT & set(body)
    content = before.content if same_content else _content(app, wanted)
    after = replace(
        before,
        version=before.version + 1,
        name=wanted.name,
        content=content,
        schedule=wanted.schedule,
        pace=wanted.pace,
        stops=wanted.stops,
        updated_at=int(now.timestamp()),
        planned=before.planned if content == before.content else None,
    )
    if before.state is State.DRAFT:
        return after
    keeps_time = content == before.content and (wanted.schedule.at or wanted.schedule.cron)
    if keeps_time:
        return time_campaign.scheduled(after, now=now)
    return replace(after, state=State.DRAFT, due_at=None)


def _content(app: App, wanted: Wanted) -> Content:
    """What is said to whom, all of it approved and there. Raises the errors of what is not."""
    template = _template(app.app_id, wanted)
    signature = _signature(app, wanted, template.kind)
    _check_audience(app.app_id, wanted.audience_id)
    return Content(
        kind=template.kind,
        template=template.name,
        template_version=template.version,
        signature=signature.name,
        signature_text=signature.text,
        audience_id=wanted.audience_id,
        variables=dict(wanted.variables),
    )


def _check_audience(app_id: str, audience_id: str) -> None:
    try:
        audiences.get(app_id, audience_id)
    except Missing:
        raise Missing("The app has no audience of that id.") from None


def _template(app_id: str, wanted: Wanted) -> Template:
    template = template_store.in_use(app_id, wanted.template)
    if template is None:
        raise TemplateNotFound
    if template.state is not ReviewState.APPROVED:
        raise TemplateNotVerified
    if template.kind is Kind.VERIFICATION:
        raise BadParameter("Codes are sent one by one: a campaign has no verification template.")
    unknown = set(wanted.variables) - set(templates.variables(template.text))
    if unknown:
        raise BadParameter(f"The template has no variable {min(unknown)}.")
    return template


def _signature(app: App, wanted: Wanted, kind: Kind) -> Signature:
    if kind is Kind.MARKETING and not app.company:
        raise BadParameter("Marketing is for apps of a company only: set the app's company.")
    found = apps.signature(app.app_id, wanted.sign) if wanted.sign else app.default_signature
    if found is None and wanted.sign:
        raise SignatureInvalid
    if found is None or found.state is not ReviewState.APPROVED:
        raise SignatureNotVerified
    if (found.use is Use.MARKETING) is not (kind is Kind.MARKETING):
        needed = "for marketing" if kind is Kind.MARKETING else "for notifications"
        raise SignatureNotVerified(f"sign must be a signature that is approved {needed}.")
    return found
