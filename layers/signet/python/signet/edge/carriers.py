"""Which carriers this deployment uses, by its settings."""

from signet.edge import settings


def used() -> tuple[str, str]:
    """Its own carrier, and which others routes may name, as `signet.routes.usable` takes them."""
    return settings.value("SIGNET_CARRIER"), settings.value("SIGNET_OTHER_CARRIERS")
