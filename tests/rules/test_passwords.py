"""Passwords: LeanCloud's scheme by its published vector, ours by argon2id's parameters."""

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signet import passwords
from signet.errors import PasswordInvalid, PasswordMissing
from tests.tools import REPO

# LeanCloud's documentation of its data export has this example.
SALT = "h60d8x797d3oa0naxybxxv9bn7xpt2yiowz68mpiwou7gwr2"
DIGEST = "tA7BLW+NK0UeARng0693gCaVnljkglCB9snqlpCSUKjx2RgYp8VZZOQt0S5iUtlDrkJXfT3gknS4rRqjYsd/Ug=="


def test_an_exported_password_is_known_by_leanclouds_scheme() -> None:
    kept = passwords.imported(SALT, DIGEST)

    assert passwords.matches(kept, "password")
    assert not passwords.matches(kept, "Password")
    assert passwords.outdated(kept)


def test_a_new_password_is_kept_as_argon2id_with_owasps_parameters() -> None:
    kept = passwords.hashed("f32@ds*@&dsa")

    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert not passwords.outdated(kept)
    assert passwords.hashed("f32@ds*@&dsa") != kept


@settings(max_examples=10, deadline=None)
@given(st.text(min_size=1, max_size=20), st.text(min_size=1, max_size=20))
def test_only_the_same_password_matches(password: str, other: str) -> None:
    assert passwords.matches(passwords.hashed(password), other) == (password == other)


@pytest.mark.parametrize("kept", [None, "", "nonsense", "$argon2id$nonsense", "leancloud$x"])
def test_where_nothing_usable_is_kept_no_password_matches(kept: str | None) -> None:
    for password in ("", "x", "\ud800", "x" * 5000):
        assert not passwords.matches(kept, password)


def test_weaker_parameters_are_outdated() -> None:
    from argon2 import PasswordHasher

    assert passwords.outdated(PasswordHasher(1, 8, 1).hash("x"))


@pytest.mark.parametrize("value", [None, ""])
def test_a_missing_password_is_201(value: object) -> None:
    with pytest.raises(PasswordMissing):
        passwords.parse(value)


@pytest.mark.parametrize("value", [" ", 123456, ["x"], True, "\ud800", "x" * 1025])
def test_a_password_that_is_no_password_is_218(value: object) -> None:
    with pytest.raises(PasswordInvalid):
        passwords.parse(value)


def test_argon2_is_loaded_with_the_first_password_and_not_before() -> None:
    program = (
        "import sys; from signet import passwords; assert 'argon2' not in sys.modules; "
        "passwords.hashed('x'); assert 'argon2' in sys.modules"
    )
    layer = REPO / "layers" / "signet" / "python"

    subprocess.run([sys.executable, "-c", program], check=True, env={"PYTHONPATH": str(layer)})
