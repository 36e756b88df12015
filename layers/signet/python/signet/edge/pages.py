"""The console's pages: the files of one folder, read once, and nothing else.

They are served as they are, from a function, so that a deployment is one stack. The policy lets
a page load nothing from elsewhere and run no inline script.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from signet.edge.http import Answer, Call
from signet.errors import NotFound

_TYPES = {
    ".css": "text/css;charset=utf-8",
    ".html": "text/html;charset=utf-8",
    ".js": "text/javascript;charset=utf-8",
    ".json": "application/json;charset=utf-8",
    ".svg": "image/svg+xml;charset=utf-8",
    ".txt": "text/plain;charset=utf-8",
}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src {}; font-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
SECURITY_HEADERS = {
    "Content-Security-Policy": _POLICY.format("'self'"),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
}
# Of a page that opens by a link: neither kept, nor found by search engines.
PRIVATE_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
}


@dataclass(frozen=True, slots=True)
class Page:
    """A file as it is served."""

    content: str
    type: str
    etag: str


def load(folder: Path) -> Mapping[str, Page]:
    """The text files of a folder by their names; others are not served."""
    files = sorted(folder.iterdir()) if folder.is_dir() else []
    return {file.name: _page(file) for file in files if file.suffix in _TYPES}


def answer(
    pages: Mapping[str, Page], name: str, call: Call, *, headers: Mapping[str, str] | None = None
) -> Answer:
    """The page of that name, or that the browser has it already. Raises NotFound.

    `headers` are added to those that every page has, or replace them.
    """
    page = pages.get(name)
    if page is None:
        raise NotFound
    said = {
        **SECURITY_HEADERS,
        "Content-Type": page.type,
        "Cache-Control": "no-cache",
        "ETag": page.etag,
        **(headers or {}),
    }
    if page.etag in _etags(call.headers.get("if-none-match", "")):
        return Answer("", 304, said)
    return Answer(page.content, 200, said)


def connecting(origin: str) -> Mapping[str, str]:
    """Headers of a page that may send to that origin, too."""
    return {"Content-Security-Policy": _POLICY.format(f"'self' {origin}")}


def without_slash(path: str) -> Answer:
    """To the same page without the slash at its end, below which its files would not be found."""
    return Answer("", 308, {**SECURITY_HEADERS, "Location": f"../{path.strip('/')}"})


def csv(text: str, *, name: str, cursor: str | None) -> Answer:
    """A page of a table, to be saved as `name`; `cursor` says where the next page begins."""
    headers = {
        "Content-Type": "text/csv;charset=utf-8",
        "Content-Disposition": f'attachment; filename="{name}"',
        "Access-Control-Expose-Headers": "Retry-After, X-Next-Cursor",
    }
    return Answer(text, headers=headers | ({"X-Next-Cursor": cursor} if cursor else {}))


def _page(file: Path) -> Page:
    content = file.read_text(encoding="utf-8")
    digest = sha256(content.encode()).hexdigest()[:32]
    return Page(content, _TYPES[file.suffix], f'"{digest}"')


def _etags(header: str) -> set[str]:
    # A gateway that compresses marks the tag as weak (RFC 9110, 8.8.1).
    return {tag.strip().removeprefix("W/") for tag in header.split(",")}
