"""What a mainland carrier sends in the place of our text: a template registered with it.

Such carriers take the id of a template, the name of a signature and a few values, no text
(review.md 1.5). An operator maps each template version of ours to one of theirs. What is not
mapped cannot be sent, and the reason names it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from signet.carriers import CarrierError, OutgoingMessage
from signet.errors import Unavailable
from signet.vendor_templates import VendorTemplate, values

__all__ = [
    "Find",
    "VendorMessage",
    "VendorTemplate",
    "translated",
    "unmapped",
    "vendor_message",
]

# Finds the mapping for a message of this carrier, None where there is none.
Find = Callable[[OutgoingMessage], VendorTemplate | None]


@dataclass(frozen=True, slots=True)
class VendorMessage:
    """What the vendor is handed; `variables`: name there -> value."""

    template: str
    signature: str
    variables: Mapping[str, str]

    @property
    def by_position(self) -> list[str]:
        """The values of variables called "1", "2" and so on, in that order.

        Raises a final CarrierError if one is missing, or is called otherwise.
        """
        positions = [str(position) for position in range(1, len(self.variables) + 1)]
        if set(positions) != set(self.variables):
            raise _not_mapped(
                f"variables of vendor template {self.template} are not numbered from 1"
            )
        return [self.variables[position] for position in positions]


def unmapped(message: OutgoingMessage) -> VendorTemplate | None:
    """A Find that has no mapping of any message: for whom sends none."""
    return None


def translated(message: OutgoingMessage, find: Find) -> VendorMessage:
    """The message in the terms of the vendor. Raises CarrierError.

    A mapping that cannot be read now is no reason to give the message up: nothing was sent yet.
    """
    try:
        found = find(message)
    except Unavailable:
        raise CarrierError("mapping unreadable", retryable=True, asked=False) from None
    return vendor_message(message, found)


def vendor_message(message: OutgoingMessage, found: VendorTemplate | None) -> VendorMessage:
    """The message by its mapping. Raises a final CarrierError that names what is missing."""
    if found is None:
        raise _not_mapped(f"no template mapping for {_named(message)}")
    signature = found.signatures.get(message.signature)
    if signature is None:
        raise _not_mapped(f"no signature mapping for {message.signature}")
    said = values(message, message.code)
    for ours in found.variables.values():
        if ours not in said:
            raise _not_mapped(f"no variable {ours} for vendor template {found.vendor_template}")
    return VendorMessage(
        template=found.vendor_template,
        signature=signature,
        variables={theirs: said[ours] for theirs, ours in found.variables.items()},
    )


def _not_mapped(reason: str) -> CarrierError:
    return CarrierError(reason, retryable=False, asked=False)


def _named(message: OutgoingMessage) -> str:
    if message.template is None:
        return "the built-in text"
    return f"{message.template} version {message.template_version}"
