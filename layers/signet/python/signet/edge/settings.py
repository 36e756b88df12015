"""The settings of a function: the one place that reads the environment."""

import os

# Name -> (default or None when required, what it is for). README's table is checked against it.
SETTINGS: dict[str, tuple[str | None, str]] = {
    "SIGNET_APPS_TABLE": (None, "table of apps, their signatures and templates, and of operators"),
    "SIGNET_PHONES_TABLE": (None, "table of codes, guesses and sending limits, one item a phone"),
    "SIGNET_CHALLENGES_TABLE": (None, "table of captchas that were answered, for an hour"),
    "SIGNET_MESSAGES_TABLE": (None, "table of send records"),
    "SIGNET_BALANCES_TABLE": (None, "table of balances, a few items an app"),
    "SIGNET_LEDGER_TABLE": (None, "table of credits and closed days, kept for good"),
    "SIGNET_USERS_TABLE": (None, "table of phone accounts, and of what only one of them can have"),
    "SIGNET_SHIELD_TABLE": (None, "table of what the shield counts, locks and decides"),
    "SIGNET_EVENTS_TABLE": (None, "table of events that apps are told, and how far each has come"),
    "SIGNET_EVENT_BUS": (None, "notify only: bus that events are put on"),
    "SIGNET_PRIVATE_WEBHOOKS": (
        "off",
        "`on`: endpoints of apps may be http and lie in private networks; only on one machine",
    ),
    "SIGNET_NOTIFY_FUNCTION": (None, "events only: the function that delivers events"),
    "SIGNET_CODES_QUEUE_URL": (None, "queue of verification messages"),
    "SIGNET_BULK_QUEUE_URL": (None, "queue of everything else"),
    "SIGNET_QUEUE_URL": (None, "senders only: the queue this one reads"),
    "SIGNET_SECRET_ARN": (None, "secret with the keys that codes are derived from"),
    "SIGNET_CARRIER": (
        "sns",
        "who delivers: `sns`, `end-user-messaging`, `alibaba`, `tencent`, `twilio` or `webhook`",
    ),
    "SIGNET_OTHER_CARRIERS": (
        "none",
        "which carriers routes may name beside it: `none`, `aws`, `outside` or `all`",
    ),
    "SIGNET_CARRIERS_TABLE": (None, "table of how carriers fare, and of what they called"),
    "SIGNET_OPT_OUTS_TABLE": (None, "table of numbers that want no marketing, kept for good"),
    "SIGNET_CAMPAIGNS_TABLE": (None, "table of campaigns, audiences, and what became of each row"),
    "SIGNET_AUDIENCES_BUCKET": (None, "bucket of audiences, plans and results of campaigns"),
    "SIGNET_PLANNER_FUNCTION": (None, "campaign only: the function that reads audiences and plans"),
    "SIGNET_SCHEDULE_GROUP": (None, "campaign only: group of the schedules of campaigns"),
    "SIGNET_SCHEDULE_ROLE_ARN": (None, "campaign only: role by which schedules start campaigns"),
    "SIGNET_SCHEDULE_DEAD_LETTERS_ARN": (
        None,
        "campaign only: queue of starts that could not be made",
    ),
    "SIGNET_PUBLIC_BASE_URL": ("", "where carriers and people reach the API, without a slash"),
    "SIGNET_CARRIER_SECRET_ARN": (
        "",
        "senders and receipt only: the credentials of carriers outside AWS",
    ),
    "SIGNET_QUIET_HOURS": (
        "",
        "hours such as `09:00-19:30` to which marketing is held, within those of the law",
    ),
    "SIGNET_SEGMENTS_ABROAD": (
        "gsm",
        "how texts to other countries are counted: `gsm` (160/153, 70/67) or `leancloud` (70/67)",
    ),
    "SIGNET_ALARM_TOPIC_ARN": ("", "sweeper only: topic that low balances are told to"),
    "SIGNET_IMPORTS_BUCKET": (None, "importer only: bucket of exported users and of reports"),
    "SIGNET_ORIGINATION_IDENTITY": ("", "sender id, number or pool for the AWS carriers"),
    "SIGNET_CONFIGURATION_SET": ("", "configuration set of AWS End User Messaging"),
    "SIGNET_PICTURES_URL": ("", "captcha only: where pictures and sounds are, without /1.1"),
    "SIGNET_ERROR_LANGUAGE": ("zh", "language of error sentences: `zh` or `en`"),
    "SIGNET_TRUSTED_PROXIES": (
        "",
        "addresses and CIDRs of proxies whose X-Forwarded-For is believed, with commas between",
    ),
    "SIGNET_CLOCK_TABLE": ("", "local stack only: table whose one item moves the clock"),
    "SIGNET_REQUEST_FUNCTION": (None, "router only: the function behind requestSmsCode"),
    "SIGNET_VERIFY_FUNCTION": (None, "router only: the function behind verifySmsCode"),
    "SIGNET_ACCOUNT_FUNCTION": (None, "router only: the function behind all calls of accounts"),
    "SIGNET_CAPTCHA_FUNCTION": (None, "router only: the function behind all calls of captchas"),
}


class SettingMissing(Exception):
    """A required setting is not in the environment: the deployment is broken."""


def value(name: str) -> str:
    """The setting `name`. Raises SettingMissing when it is required and absent."""
    default, _ = SETTINGS[name]
    found = os.environ.get(name) or default
    if found is None:
        raise SettingMissing(name)
    return found


def region() -> str:
    """The AWS region that this function runs in; "" outside AWS."""
    return os.environ.get("AWS_REGION", "")
