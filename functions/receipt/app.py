"""POST /carriers/{carrier}/receipts and …/replies, and a topic: what carriers report.

Bodies and proofs are each carrier's own (`signet/carriers/`), and so is what is answered; either
route takes both. Refuses with code 403 whatever is not proved to come from the carrier, has come
before, or comes for one whose credentials nobody entered; with 404 a carrier that this deployment
does not use; with 503 what should come again. Amazon's own events come through the topic, of which
nothing is repeated that could not be read.
"""

from datetime import datetime
from urllib.parse import quote, urlencode

from signet import phones, routes
from signet.carriers import (
    Callback,
    CallbackRefused,
    CredentialsInvalid,
    Reports,
    opening,
)
from signet.edge import clock, http, settings
from signet.edge.http import Answer, Call, Event, Route
from signet.edge.logs import logger
from signet.errors import NotFound, NotPermitted
from signet.flows import hear_campaign, pass_replies
from signet.flows.take_reports import Stores, take
from signet.health import PROMPT_SECONDS, Count
from signet.store import callbacks, conversations, deployment, messages
from signet.store.carrier_health import Health
from signet.store.messages import Heard

_BY_TOPIC = "end-user-messaging"


# A receipt in a pause of traffic must not be counted only with the next one.
health = Health(flush_seconds=0.2)


def timed(heard: Heard, now: datetime) -> None:
    seconds = _s(now) - heard.sent_at
    logger.info("receipt", extra={"carrier": heard.carrier, "after_seconds": seconds})
    # How soon they come is nobody's business where there is no other carrier to choose.
    if seconds <= PROMPT_SECONDS and deployment.route_rules():
        country = phones.dial_code(heard.phone)
        health.count(heard.carrier, country, Count.PROMPT, heard.sent_at)


stores = Stores(
    was_taken=callbacks.was_taken,
    mark_taken=callbacks.mark_taken,
    find=callbacks.find,
    reported=messages.reported,
    timed=timed,
    counted=hear_campaign.counted,
    opted_out=hear_campaign.opted_out,
    app_ids=conversations.app_ids,
    sent_to=conversations.sent_to,
    record_reply=lambda *said: pass_replies.opted(*said, now=clock.now()),
    passed_on=pass_replies.passed_on,
)


def called(call: Call) -> Answer:
    name = call.parameters["carrier"]
    # Those of AWS do not call.
    if routes.family(name) not in routes.OUTSIDE or not is_used(name):
        raise NotFound
    now = clock.now()
    try:
        reports = told(name, Callback(url(call), call.headers, call.query, call.raw_body, _s(now)))
    except (CallbackRefused, CredentialsInvalid) as error:
        logger.warning("callback_refused", extra={"carrier": name, "reason": str(error)})
        raise NotPermitted from None
    return Answer(reports.answer, headers={"Content-Type": reports.content_type})


def published(message: str) -> None:
    if not is_used(_BY_TOPIC):
        logger.error("topic_of_unused_carrier")
        return
    try:
        told(_BY_TOPIC, Callback("", {}, {}, message, _s(clock.now())))
    except CallbackRefused as refused:
        logger.warning("callback_refused", extra={"carrier": _BY_TOPIC, "reason": refused.reason})


def told(name: str, callback: Callback) -> Reports:
    now = clock.now()
    try:
        return take(name, opening.carrier(name), callback, stores, now=now)
    finally:
        health.flush_if_due(_s(now))


def is_used(name: str) -> bool:
    own, others = settings.value("SIGNET_CARRIER"), settings.value("SIGNET_OTHER_CARRIERS")
    return routes.family(name) in routes.usable(own, others)


def url(call: Call) -> str:
    """The address as the carrier called it: by the setting or the gateway's word, no header's."""
    origin = settings.value("SIGNET_PUBLIC_BASE_URL").rstrip("/") or call.origin
    query = urlencode(call.query, quote_via=quote, safe="")
    return f"{origin}{call.path}" + (f"?{query}" if query else "")


def _s(now: datetime) -> int:
    return int(now.timestamp())


ROUTES = [
    Route("POST", "/carriers/{carrier}/receipts", called),
    Route("POST", "/carriers/{carrier}/replies", called),
]


def handler(event: Event, context: object) -> http.Reply:
    if "Records" not in event:
        return http.serve(event, ROUTES)
    for record in event["Records"]:
        published(record["Sns"]["Message"])
    return {}
