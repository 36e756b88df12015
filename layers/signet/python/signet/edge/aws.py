"""AWS clients: one botocore session for all of a function's clients."""

from functools import cache
from typing import Any

import botocore.session
from botocore.config import Config

# Botocore makes its clients' methods at run time; no type can name them.
Client = Any


@cache
def session() -> botocore.session.Session:
    """The session every client shares: its loader and credentials are found once."""
    return botocore.session.get_session()


def client(service: str, *, read_timeout: float = 2, attempts: int = 2, **more: Any) -> Client:
    """A client that gives up early: a person waits, and the gateway does not wait for long.

    `read_timeout` in seconds; `attempts` counts the first one; `more` is for botocore's Config.
    """
    config = Config(
        connect_timeout=1,
        read_timeout=read_timeout,
        retries={"total_max_attempts": attempts, "mode": "standard"},
        parameter_validation=False,
        **more,
    )
    return session().create_client(service, config=config)
