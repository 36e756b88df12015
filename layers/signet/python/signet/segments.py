"""How many SMS a text is billed as."""

import math

from signet.errors import BadParameter

MAX_CHARACTERS = 400


def count(text: str) -> int:
    """Segments by LeanCloud's rule: up to 70 characters one, then 67 each (wire.md 16.1).

    Every character counts as one, the signature included. Raises BadParameter over 400.
    """
    if len(text) > MAX_CHARACTERS:
        raise BadParameter(f"The message is {len(text)} characters long; {MAX_CHARACTERS} at most.")
    return 1 if len(text) <= 70 else math.ceil(len(text) / 67)
