"""The virtual phones: what reached them through the virtual carriers, in order of arrival."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from local.clock import iso


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message on a phone. `sent_at` is when its carrier took it; both times are Signet's."""

    to: str
    text: str
    kind: str
    channel: str
    carrier: str
    sender: str | None
    app_id: str
    message_id: str
    sent_at: str
    arrived_at: str


class Phones:
    """All of them, in memory, and in a file that the next start reads when there is one."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._messages: list[Arrived] = []
        if file and file.exists():
            lines = file.read_text(encoding="utf-8").splitlines()
            self._messages = [Arrived(**json.loads(line)) for line in lines]

    def receive(self, message: Arrived) -> None:
        """A message arrives."""
        self._messages.append(message)
        if self._file:
            with self._file.open("a", encoding="utf-8") as kept:
                kept.write(json.dumps(asdict(message), ensure_ascii=False) + "\n")

    def messages(self) -> list[Arrived]:
        """What has arrived, oldest first."""
        return list(self._messages)

    def last_to(self, phone: str) -> Arrived | None:
        """The last message to a number."""
        return next((one for one in reversed(self._messages) if one.to == phone), None)


def arrived(message: dict[str, str], *, carrier: str, sent: datetime, now: datetime) -> Arrived:
    """A message as a carrier was handed it (signet.carriers.webhook), on its phone."""
    return Arrived(
        to=message["phone"],
        text=message["text"],
        kind=message["kind"],
        channel=message.get("channel", "sms"),
        carrier=carrier,
        sender=message.get("sender"),
        app_id=message["app_id"],
        message_id=message["message_id"],
        sent_at=iso(sent),
        arrived_at=iso(now),
    )
