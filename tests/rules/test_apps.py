"""Apps: how the switches of one stand when it is made."""

from dataclasses import replace

from signet.apps import Switches, first_switches


def test_a_new_app_starts_with_these_switches() -> None:
    assert first_switches(imported=False) == Switches(
        sms=True,
        generic_sms=True,
        international=False,
        plain_text_abroad=False,
        resend_same_code=False,
        force_captcha=False,
        bulk_needs_master_key=True,
        verify_on_sign_up=True,
        unverified_may_not_log_in=False,
        unverified_may_reset=False,
        login_by_code=False,
        new_session_after_password=True,
        code_only=False,
        safe_mode=False,
        first_proof_resets_access=True,
        auth_data_needs_master_key=True,
    )


def test_what_worked_at_leancloud_goes_on_in_an_imported_app() -> None:
    assert first_switches(imported=True) == replace(
        first_switches(imported=False),
        bulk_needs_master_key=False,
        first_proof_resets_access=False,
        auth_data_needs_master_key=False,
    )
