"""Runs calls of the unmodified Python SDK and prints what an app would see, one JSON line each.

LEANCLOUD_API_SERVER=<url> python python_sdk.py <app id> <app key> '[["request_sms_code", …], …]'
Runs in a venv of its own; nothing of Signet is imported.
"""

import json
import sys
from typing import Any

import leancloud
from leancloud import cloud


def outcome(name: str, arguments: list[Any]) -> dict[str, Any]:
    """What the call returned or raised."""
    try:
        value = getattr(cloud, name)(*arguments)
    except leancloud.LeanCloudError as error:
        return {"code": error.code, "message": error.error}
    except Exception as error:  # noqa: BLE001 (whatever it raises, it did not say yes)
        return {"raised": type(error).__name__}
    return {"value": str(value)}


leancloud.init(sys.argv[1], sys.argv[2])
for call, *values in json.loads(sys.argv[3]):
    sys.stdout.write(json.dumps(outcome(call, values)) + "\n")
