"""Session tokens: derived, the same for every login, and gone when they are rotated."""

import re
from dataclasses import replace

from signet import sessions
from signet.codes import Keyring
from signet.users import User

KEYRING = Keyring("k1", {"k1": b"t" * 64})
BOTH = Keyring("k2", {"k1": b"t" * 64, "k2": b"u" * 64})
USER = User("signet-demo-app", "5f1e00000000000000000001", 0, 0)


def test_a_token_looks_like_leanclouds_and_only_its_digest_is_kept() -> None:
    user, token = sessions.opened(USER, KEYRING)

    assert re.fullmatch(r"[a-z0-9]{25}", token)
    assert user.sessions == (sessions.digest(token),)
    assert token not in repr(user)


def test_every_login_is_answered_with_the_same_token() -> None:
    user, token = sessions.opened(USER, KEYRING)

    assert sessions.opened(user, KEYRING) == (user, token)
    assert sessions.opened(user, BOTH) == (user, token)


def test_a_rotated_token_is_another_one_and_the_only_one() -> None:
    user, token = sessions.opened(USER, KEYRING)

    changed, new = sessions.rotated(user, KEYRING)

    assert new != token
    assert changed.sessions == (sessions.digest(new),)


def test_an_imported_token_stays_valid_beside_the_one_of_the_next_login() -> None:
    imported = replace(USER, sessions=(sessions.digest("pgk9e8orv8l9coak1rjht1avt"),))

    user, token = sessions.opened(imported, KEYRING)

    assert user.sessions == (*imported.sessions, sessions.digest(token))


def test_a_key_that_is_gone_makes_a_new_token_and_ends_none() -> None:
    user, token = sessions.opened(USER, KEYRING)

    changed, new = sessions.opened(user, Keyring("k2", {"k2": b"u" * 64}))

    assert new != token
    assert changed.sessions == (sessions.digest(token), sessions.digest(new))


def test_ten_tokens_are_kept_at_most() -> None:
    full = replace(USER, sessions=tuple(str(number) for number in range(10)))

    user, _ = sessions.opened(full, KEYRING)

    assert len(user.sessions) == 10
    assert user.sessions[0] == "1"


def test_tokens_differ_by_app_and_by_user() -> None:
    user, token = sessions.opened(USER, KEYRING)
    others = (replace(user, app_id="signet-other-app"), replace(user, object_id="0"))

    assert all(sessions.opened(other, KEYRING)[1] != token for other in others)


def test_a_user_without_sessions_has_none() -> None:
    user, _ = sessions.opened(USER, KEYRING)

    assert sessions.ended(user) == USER
