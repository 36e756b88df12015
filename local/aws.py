"""Clients for the emulated AWS, and never for a real account."""

import threading
from typing import Any

import boto3
from botocore.config import Config

from local.ministack import REGION


class Aws:
    """One client for each service, made when it is first used; safe to share between threads."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        # Any: the stubs know clients by their literal names only.
        self._session: Any = boto3.session.Session(
            aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION
        )
        self._clients: dict[str, Any] = {}
        self._lock = threading.Lock()

    def client(self, service: str) -> Any:
        """The client of a service."""
        with self._lock:
            if service not in self._clients:
                self._clients[service] = self._session.client(
                    service, endpoint_url=self.endpoint, config=Config(proxies={})
                )
            return self._clients[service]
