"""Plans of campaigns in their bucket: written once by the planner, read by every run.

plans/<app>/<campaign>/<version>/<planner's run>/<attempt>/plan.json    the plan but for its rows
                                                           00000.jsonl  {"p": phone, "v": variables}
"""

import json
from collections.abc import Sequence
from dataclasses import asdict
from functools import lru_cache

from signet.campaigns import Part, Plan, Recipient, part_key
from signet.edge import objects


def write(plan: Plan) -> str:
    """Put a plan there whose parts are; its key. Raises Unavailable."""
    key = f"{plan.folder}/plan.json"
    body = json.dumps(asdict(plan), ensure_ascii=False, separators=(",", ":")).encode()
    objects.write(key, body, bucket=objects.AUDIENCES)
    return key


def write_part(folder: str, number: int, rows: Sequence[Recipient]) -> str:
    """Put a part there; its etag. Raises Unavailable."""
    lines = [
        json.dumps({"p": row.phone, "v": row.variables}, ensure_ascii=False, separators=(",", ":"))
        for row in rows
    ]
    body = "".join(f"{line}\n" for line in lines).encode()
    return objects.write(part_key(folder, number), body, bucket=objects.AUDIENCES)


# A plan of a million recipients is 50 kB, a part of it 100; both never change.
@lru_cache(maxsize=8)
def read(key: str) -> Plan:
    """The plan of that key. Raises Missing, and Unavailable."""
    document = json.loads(objects.read(key, bucket=objects.AUDIENCES))
    return Plan(**{
        **document,
        "zones": tuple(document["zones"]),
        "parts": tuple(Part(*part) for part in document["parts"]),
        "samples": tuple(document["samples"]),
    })  # fmt: skip


@lru_cache(maxsize=8)
def recipients(key: str, number: int) -> tuple[Recipient, ...]:
    """The rows of a part of the plan of that key. Raises Missing, and Unavailable."""
    plan = read(key)
    part = plan.parts[number]
    place = part_key(plan.folder, number if part.number is None else part.number)
    body = objects.read(place, part.etag, bucket=objects.AUDIENCES)
    rows = (json.loads(line) for line in body.splitlines())
    return tuple(Recipient(row["p"], row["v"]) for row in rows)
