"""What a captcha shows and says: for tests and developers, and never in a deployment."""

import json
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from types import ModuleType

from local.aws import Aws

LAYER = Path(__file__).resolve().parent.parent / "layers" / "signet" / "python"
# Where signet.store.captcha_keys keeps the keys that answers follow from.
KEYS = {"app_id": {"S": "#deployment"}, "item": {"S": "captcha"}}


class Answers:
    """Reads the deployment's keys and works the answers out again, as the function itself does."""

    def __init__(self, *, aws: Aws, apps_table: str, now: Callable[[], datetime]) -> None:
        self._aws = aws
        self._apps_table = apps_table
        self._now = now

    def of(self, app_id: str, token: str) -> dict[str, str] | None:
        """The answers of a challenge; None when it is not this app's, forged or over."""
        captchas = _captchas()
        item = self._aws.client("dynamodb").get_item(TableName=self._apps_table, Key=KEYS)
        if "Item" not in item:
            return None
        held = json.loads(item["Item"]["captcha_keys"]["S"])
        keys = captchas.Keys(
            held["current"], {name: bytes.fromhex(key) for name, key in held["keys"].items()}
        )
        try:
            form = captchas.Form.PICTURE
            challenge = captchas.read(token, app_id, keys, form=form, now=self._now())
        except captchas.CaptchaWrong:
            return None
        return {
            "written": captchas.written_answer(challenge, keys),
            "spoken": captchas.spoken_answer(challenge, keys),
        }


def _captchas() -> ModuleType:
    """Signet's rules of captchas, which take no settings; they are not installed."""
    if str(LAYER) not in sys.path:
        sys.path.append(str(LAYER))
    from signet import captchas

    return captchas
