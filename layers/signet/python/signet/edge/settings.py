"""The settings of a function: the one place that reads the environment."""

import os

# Name -> (default or None when required, what it is for). README's table is checked against it.
SETTINGS: dict[str, tuple[str | None, str]] = {
    "SIGNET_APPS_TABLE": (None, "table of apps, signatures and operators' lists"),
    "SIGNET_PHONES_TABLE": (None, "table of codes, guesses and sending limits, one item a phone"),
    "SIGNET_MESSAGES_TABLE": (None, "table of send records"),
    "SIGNET_CODES_QUEUE_URL": (None, "queue of verification messages"),
    "SIGNET_BULK_QUEUE_URL": (None, "queue of everything else"),
    "SIGNET_QUEUE_URL": (None, "senders only: the queue this one reads"),
    "SIGNET_SECRET_ARN": (None, "the one secret: code keys and operator keys"),
    "SIGNET_CARRIER": ("sns", "who delivers: `sns` or `end-user-messaging`"),
    "SIGNET_ORIGINATION_IDENTITY": ("", "sender id, number or pool for the AWS carriers"),
    "SIGNET_CONFIGURATION_SET": ("", "configuration set of AWS End User Messaging"),
    "SIGNET_ERROR_LANGUAGE": ("zh", "language of error sentences: `zh` or `en`"),
    "SIGNET_CLOCK_TABLE": ("", "local stack only: table whose one item moves the clock"),
    "SIGNET_REQUEST_FUNCTION": (None, "router only: the function behind requestSmsCode"),
    "SIGNET_VERIFY_FUNCTION": (None, "router only: the function behind verifySmsCode"),
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
