"""Replies of the local stack itself, in LeanCloud's shape (wire.md 4.1)."""

from starlette.responses import JSONResponse

# Any page may look: there is nothing here but this machine's toys.
CORS = {"Access-Control-Allow-Origin": "*"}


def answer(content: object) -> JSONResponse:
    """A success."""
    return JSONResponse(content, headers=CORS | {"Cache-Control": "no-store"})


def refusal(status: int, code: int, error: str) -> JSONResponse:
    """A failure: status, LeanCloud's code, and a sentence."""
    return JSONResponse({"code": code, "error": error}, status, headers=CORS)
