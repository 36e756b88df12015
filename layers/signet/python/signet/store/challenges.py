"""Challenges: the one judgement of each.

    pk = <app>#<nonce>   proof: digest of the validate_token that a right answer gets, judged_at,
                         good_until; when that was used spent_at instead; ttl

A judgement is written before it is made: the proof kept is that of the answer that was given,
which nobody but the function `captcha` can name, and it names right ones only. `request` spends
proofs without any key. Failure mode: closed; what cannot be written is not judged and not sent.
"""

from datetime import datetime, timedelta

from pynamodb.attributes import BinaryAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition

from signet.captchas import PROVED_FOR, REPEATABLE_FOR
from signet.edge import settings
from signet.store import table

# Longer than a challenge and its proof together: a second judgement finds the first.
_REMEMBER = timedelta(hours=1)


class ChallengeItem(table.Table):
    """An item of the Challenges table."""

    class Meta:
        table_name = settings.value("SIGNET_CHALLENGES_TABLE")

    pk = UnicodeAttribute(hash_key=True)
    proof = BinaryAttribute(legacy_encoding=False, null=True)
    judged_at = NumberAttribute(null=True)
    good_until = NumberAttribute(null=True)
    spent_at = NumberAttribute(null=True)
    ttl = NumberAttribute(null=True)


def judge(app_id: str, challenge_id: str, proof: bytes, *, now: datetime) -> bool:
    """Keep `proof` as the challenge's one judgement; whether the caller may make it.

    That is so for the first caller, and for ten seconds for those who say the same.
    """
    seconds = int(now.timestamp())
    item = ChallengeItem(f"{app_id}#{challenge_id}")
    actions = [
        ChallengeItem.proof.set(proof),
        ChallengeItem.judged_at.set(seconds),
        ChallengeItem.good_until.set(seconds + int(PROVED_FOR.total_seconds())),
        ChallengeItem.ttl.set(_forgotten(seconds)),
    ]
    try:
        table.update(item, actions, ChallengeItem.pk.does_not_exist())
    except table.ConditionFailed as failed:
        fresh = seconds - failed.before.get("judged_at", 0) <= REPEATABLE_FOR.total_seconds()
        return fresh and failed.before.get("proof") == proof
    return True


def spent(app_id: str, proof: tuple[str, bytes], now: int) -> tuple[ChallengeItem, Condition]:
    """The write, and its condition, that spends a proof; `now` in epoch seconds."""
    challenge_id, digest = proof
    item = ChallengeItem(f"{app_id}#{challenge_id}", spent_at=now, ttl=_forgotten(now))
    return item, (ChallengeItem.proof == digest) & (ChallengeItem.good_until > now)


def _forgotten(seconds: int) -> int:
    return seconds + int(_REMEMBER.total_seconds())
