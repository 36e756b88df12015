"""Opening a carrier by its name, with its credentials as they are now."""

import json
from functools import lru_cache

from signet.carriers import Carrier, CredentialsInvalid, mappings
from signet.edge import secrets, settings
from signet.routes import OUTSIDE, family


def carrier(name: str, find: mappings.Find = mappings.unmapped) -> Carrier:
    """The carrier of that name; `find` finds the vendor's template for a message it submits.

    Raises SettingMissing for a name that is none, CredentialsInvalid for what nobody entered, and
    Unavailable.
    """
    outside = family(name) in OUTSIDE
    return _open(name, secrets.carrier_credentials(name) if outside else "{}", find)


@lru_cache(maxsize=16)
def _open(name: str, credentials: str, find: mappings.Find) -> Carrier:
    # Each is imported only where it is used, and their SDKs, which are large, only to submit.
    fields = json.loads(credentials)
    if not isinstance(fields, dict):
        raise CredentialsInvalid(f"{name} of the carriers' secret is no object")
    match family(name):
        case "sns":
            from signet.carriers.sns import Sns

            return Sns()
        case "end-user-messaging":
            from signet.carriers.end_user_messaging import EndUserMessaging

            return EndUserMessaging()
        case "alibaba":
            from signet.carriers import alibaba

            return alibaba.Alibaba(alibaba.Credentials.parse(fields), find)
        case "tencent":
            from signet.carriers import tencent

            return tencent.Tencent(tencent.Credentials.parse(fields), find)
        case "twilio":
            from signet.carriers import twilio

            base_url = settings.value("SIGNET_PUBLIC_BASE_URL")
            return twilio.Twilio(twilio.Credentials.parse(fields), base_url=base_url)
        case "webhook":
            from signet.carriers import webhook

            return webhook.Webhook(webhook.Credentials.parse(fields), name=name)
    raise settings.SettingMissing(f"no carrier is called {name}")
