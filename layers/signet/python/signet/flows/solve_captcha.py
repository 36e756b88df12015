"""Captchas: asked for, shown, said, and judged once; the same for work (wire.md 8).

Asking, showing and saying write nothing. A judgement is one conditional write, made before the
answer is looked at; so of a hundred at once with different answers one is judged.
"""

from collections.abc import Mapping
from datetime import datetime

from signet import captchas, proofs, shield_tree
from signet.apps import App
from signet.captchas import Challenge, Form
from signet.credentials import Authority
from signet.edge import settings
from signet.errors import BadParameter, CaptchaWrong, FeatureDisabled
from signet.fields import Body
from signet.store import apps, captcha_keys, challenges

# What a language is called in an address: the start of its tag will do.
LANGUAGES = ("zh", "en")
_FOR_OWNERS = ("size", "ttl")
_SWITCHED_OFF = "Captchas are switched off (captcha)."


def new_picture(app: App, query: Mapping[str, str], *, authority: Authority, now: datetime) -> Body:
    """A challenge to read or to hear; `size` and `ttl` count with the master key only."""
    _check(app)
    owner = authority is Authority.MASTER
    asked = {name: value for name, value in query.items() if owner or name not in _FOR_OWNERS}
    keys = captcha_keys.keys()
    challenge = captchas.new_picture(app.app_id, keys, asked, now=now)
    token = captchas.token(challenge, keys)
    place = f"{settings.value('SIGNET_PICTURES_URL')}/1.1/"
    carried = f"?appId={app.app_id}&token={token}"
    return {
        "captcha_token": token,
        "captcha_url": f"{place}captchaImage{carried}",
        "captcha_sound_url": f"{place}captchaSound{carried}",
    }


def picture(query: Mapping[str, str], *, now: datetime) -> bytes:
    """The PNG of a challenge, the same each time. Raises CaptchaWrong."""
    from signet.edge import pictures  # loads Pillow, which asking and judging do without

    challenge, keys = _shown(query, now)
    width, height, _ = challenge.shape
    text, seed = captchas.written_answer(challenge, keys), captchas.chance(challenge, keys)
    return pictures.draw(text, width=width, height=height, seed=seed)


def sound(query: Mapping[str, str], *, now: datetime) -> bytes:
    """The WAV of a challenge in `lang`, zh or en, the same each time. Raises CaptchaWrong."""
    from signet.edge import sounds

    challenge, keys = _shown(query, now)
    wanted = query.get("lang", LANGUAGES[0]).lower()
    language = next((one for one in LANGUAGES if wanted.startswith(one)), LANGUAGES[1])
    digits, seed = captchas.spoken_answer(challenge, keys), captchas.chance(challenge, keys)
    return sounds.speak(digits, language=language, seed=seed)


def judge(app: App, body: Body, *, now: datetime) -> str:
    """The validate_token of a right answer. Raises CaptchaWrong, BadParameter."""
    _check(app)
    keys, app_id = captcha_keys.keys(), app.app_id
    answer = captchas.typed(body.get("captcha_code"))
    challenge = captchas.read(body.get("captcha_token"), app_id, keys, form=Form.PICTURE, now=now)
    token = captchas.validate_token(challenge, keys, answer)
    may = challenges.judge(app_id, challenge.id, captchas.proof(token)[1], now=now)
    if not (may and captchas.is_right(challenge, keys, answer)):
        raise CaptchaWrong
    return token


def new_work(app: App, *, address: str | None, now: datetime) -> Body:
    """A challenge to compute: `token`, `parts`, `bits` of each, see `signet.proofs`.

    It is harder for an address that the shield has locked, and while anything of the app is.
    """
    _check(app)
    keys, bits = captcha_keys.keys(), _bits(app, address, now)
    work = captchas.new_work(app.app_id, keys, bits=bits, ttl=proofs.WORK_SECONDS, now=now)
    return {
        "token": captchas.token(work, keys),
        "algorithm": "SHA-256",
        "parts": proofs.PARTS,
        "bits": bits,
    }


def judge_work(app: App, body: Body, *, now: datetime) -> str:
    """The validate_token of work that was done. Raises CaptchaWrong, BadParameter.

    Nothing is written for work that was not: there is nothing to guess.
    """
    _check(app)
    keys, app_id, given = captcha_keys.keys(), app.app_id, body.get("token")
    counters = proofs.solution(body.get("solution"))
    work = captchas.read(given, app_id, keys, form=Form.WORK, now=now)
    if not proofs.is_solved(str(given), work.shape[0], counters):
        raise CaptchaWrong
    token = captchas.validate_token(work, keys, "")
    if not challenges.judge(app_id, work.id, captchas.proof(token)[1], now=now):
        raise CaptchaWrong
    return token


def _bits(app: App, address: str | None, now: datetime) -> int:
    from signet.store import shield  # pictures do without

    board = apps.cached(
        (app.app_id, "locks"), lambda: shield.locks(app.app_id, now=int(now.timestamp()))
    )
    own = shield_tree.address_key(app.app_id, address) if address else ""
    if address and {*shield_tree.address_nodes(own)} & set(board.locks):
        return proofs.harder(app.guard.work_bits, proofs.SUSPECT_BITS)
    return proofs.harder(app.guard.work_bits, proofs.ALERT_BITS if board.locks else 0)


def _check(app: App) -> None:
    if not app.switches.captcha:
        raise FeatureDisabled(_SWITCHED_OFF)


def _shown(query: Mapping[str, str], now: datetime) -> tuple[Challenge, captchas.Keys]:
    app_id, token = query.get("appId", ""), query.get("token", "")
    if not (app_id and token):
        raise BadParameter("appId and token are missing.")
    keys = captcha_keys.keys()
    return captchas.read(token, app_id, keys, form=Form.PICTURE, now=now), keys
