"""One POST to a carrier that takes plain HTTP: pooled, never repeated, never redirected."""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import urllib3
from urllib3.exceptions import HTTPError

from signet.carriers import web_calls

_MOST_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """What the carrier answered; `fields` is empty unless that is a JSON object."""

    status: int
    fields: Mapping[str, object]

    @property
    def is_success(self) -> bool:
        """Whether the status says so."""
        return 200 <= self.status < 300

    def name(self, field: str) -> str | None:
        """The carrier's own name for what it took, if that field can be one."""
        found = self.fields.get(field)
        return found if isinstance(found, str) and 0 < len(found) <= 256 else None


def post(url: str, body: bytes, headers: Mapping[str, str], *, read_timeout: float) -> Answer:
    """Post once; `read_timeout` in seconds. Raises CarrierError or OutcomeUnknown."""
    before = sys.exception()
    web_calls.hush()
    try:
        answer = _pool(read_timeout).request(
            "POST",
            url,
            body=body,
            headers={**web_calls.HEADERS, **headers},
            redirect=False,
            retries=False,
            preload_content=False,
        )
        try:
            return Answer(answer.status, _object(answer.read(_MOST_BYTES)))
        finally:
            answer.close()
    # What is raised here may hold the URL, and that a key: `from None`.
    except HTTPError as error:
        raise web_calls.lost(error, before=before) from None


@cache
def _pool(read_timeout: float) -> urllib3.PoolManager:
    timeout = urllib3.Timeout(connect=web_calls.CONNECT_TIMEOUT, read=read_timeout)
    return urllib3.PoolManager(timeout=timeout)


def _object(answer: bytes) -> Mapping[str, object]:
    try:
        found = json.loads(answer)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
