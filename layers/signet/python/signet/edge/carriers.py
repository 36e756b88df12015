"""Which carriers this deployment uses, and where they reach it, by its settings."""

from signet.edge import settings


def used() -> tuple[str, str]:
    """Its own carrier, and which others routes may name, as `signet.routes.usable` takes them."""
    return settings.value("SIGNET_CARRIER"), settings.value("SIGNET_OTHER_CARRIERS")


def base_url() -> str:
    """Where carriers and people reach the API, without a slash; "" where nobody has told."""
    return settings.value("SIGNET_PUBLIC_BASE_URL")
