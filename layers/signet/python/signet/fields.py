"""Fields of a JSON body, each taken for what it must be, or refused by its name."""

from collections.abc import Iterable, Mapping

from signet.errors import BadParameter

Body = Mapping[str, object]

# As much of a stranger's text as a sentence repeats.
_SHOWN = 40


def only(body: Body, known: Iterable[str]) -> None:
    """Nothing else than these fields: a misspelt one would silently do nothing.

    Raises BadParameter.
    """
    unknown = sorted(set(body) - set(known))
    if unknown:
        raise BadParameter(f"{short(unknown[0])} is not a field of this call.")


def short(name: str) -> str:
    """As much of a stranger's name for something as a sentence repeats."""
    return name[:_SHOWN] if name.isprintable() else "One of the fields"


def text(body: Body, name: str, *, longest: int) -> str:
    """A text of one line that says something, without blanks around it. Raises BadParameter."""
    value = body.get(name)
    if value is None:
        raise BadParameter(f"{name} is missing.")
    if not isinstance(value, str) or not value.strip() or not value.strip().isprintable():
        raise BadParameter(f"{name} must be a text of one line.")
    if len(value.strip()) > longest:
        raise BadParameter(f"{name} is longer than {longest} characters.")
    return value.strip()


def text_or_none(body: Body, name: str, *, longest: int) -> str | None:
    """The same, None when it is absent, null or empty. Raises BadParameter."""
    return None if body.get(name) in (None, "") else text(body, name, longest=longest)


def flag(body: Body, name: str, *, default: bool | None = None) -> bool:
    """True or false; `default` when it is absent. Raises BadParameter."""
    value = body.get(name, default)
    if not isinstance(value, bool):
        raise BadParameter(f"{name} must be true or false.")
    return value


def whole(body: Body, name: str, *, least: int, most: int) -> int:
    """A whole number within bounds. Raises BadParameter."""
    value = body.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise BadParameter(f"{name} must be a whole number from {least} to {most}.")
    return value


def whole_or_none(body: Body, name: str, *, least: int, most: int) -> int | None:
    """The same, or null. Raises BadParameter."""
    return None if body.get(name) is None else whole(body, name, least=least, most=most)


def inner(body: Body, name: str) -> Body:
    """An object in the body. Raises BadParameter."""
    value = body.get(name)
    if not isinstance(value, dict):
        raise BadParameter(f"{name} must be an object.")
    return value


def texts(body: Body, name: str, *, most: int, longest: int) -> dict[str, str]:
    """An object whose names and values are texts, {} when it is absent. Raises BadParameter."""
    given = inner(body, name) if name in body else {}
    if len(given) > most:
        raise BadParameter(f"{name} has more than {most} entries.")
    for key, value in given.items():
        if not all(_says_something(part, longest) for part in (key, value)):
            raise BadParameter(f"{name} must map texts of at most {longest} characters.")
    return {key: str(value).strip() for key, value in given.items()}


def limit(query: Mapping[str, str], *, default: int, most: int) -> int:
    """How many a list is asked for. Raises BadParameter."""
    return number(query, "limit", default=default, most=most)


def number(query: Mapping[str, str], name: str, *, default: int, most: int) -> int:
    """A number of a query, from 1. Raises BadParameter."""
    written = query.get(name)
    if not written:
        return default
    if not (written.isascii() and written.isdecimal() and 1 <= int(written[:9]) <= most):
        raise BadParameter(f"{name} must be a number from 1 to {most}.")
    return int(written)


def same(one: object, other: object) -> bool:
    """Whether two values of JSON are equal; True == 1 in Python, and nowhere else."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return isinstance(one, bool) == isinstance(other, bool) and one == other


def restore_plus(text: str) -> str:
    """A query's value with the raw `+` that arrived as a space (wire.md 5.1)."""
    return f"+{text[1:]}" if text[:1] == " " and text[1:2].isdigit() else text


def _says_something(value: object, longest: int) -> bool:
    if not isinstance(value, str) or not value.isprintable():
        return False
    return bool(value.strip()) and len(value) <= longest
