"""Which texts end marketing to a number, and which message a reply answers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signet import opt_outs
from signet.errors import BadParameter
from signet.limits import Kind
from signet.opt_outs import Meaning, Sent

NOW = 1_795_334_400
HOUR = 3600


@pytest.mark.parametrize(
    "text",
    [
        *("STOP", "stop", " Stop\n", "StopAll", "stop all", "STOP  ALL", "Unsubscribe", "cancel"),
        *("END", "quit", "revoke", "optout", "Opt-Out", "remove", "arret", "TD", "td", "ＴＤ"),
        *("T", "t", "Ｔ", "R", "退订", "　退订　", "取消"),
    ],
)
def test_a_word_of_the_list_ends_marketing(text: str) -> None:
    assert opt_outs.meaning(text) is Meaning.OUT


@pytest.mark.parametrize("text", ["START", "unstop", "Yes", " ｙｅｓ "])
def test_others_take_it_up_again(text: str) -> None:
    assert opt_outs.meaning(text) is Meaning.IN


@pytest.mark.parametrize("text", ["HELP", "info"])
def test_others_ask_for_help(text: str) -> None:
    assert opt_outs.meaning(text) is Meaning.HELP


@pytest.mark.parametrize(
    "text", ["", " ", "STOP!", "please stop", "TD退订", "不退订", "T D", "no", "stopp", "тd", "1"]
)
def test_whoever_says_more_than_a_word_is_heard_by_people(text: str) -> None:
    assert opt_outs.meaning(text) is None


@given(st.text())
def test_any_text_means_something_or_nothing(text: str) -> None:
    assert opt_outs.meaning(text) in (*Meaning, None)


def sent(app_id: str, hours_ago: float, kind: Kind = Kind.MARKETING, signature: str = "") -> Sent:
    return Sent(app_id, f"{app_id}-message", NOW - int(hours_ago * HOUR), kind, signature)


def answering(*messages: Sent, signature_text: str | None = None) -> str | None:
    found = opt_outs.answered(messages, NOW, signature_text=signature_text)
    return found.app_id if found else None


def test_a_reply_answers_the_newest_message() -> None:
    assert answering(sent("one", 5), sent("two", 1), sent("three", 9)) == "two"


def test_marketing_of_three_days_goes_before_what_is_newer() -> None:
    assert answering(sent("one", 71.9), sent("two", 1, Kind.VERIFICATION)) == "one"
    assert answering(sent("one", 72.1), sent("two", 1, Kind.VERIFICATION)) == "two"


def test_old_marketing_is_answered_where_there_is_nothing_else() -> None:
    assert answering(sent("one", 1000)) == "one"


def test_a_signature_says_whose_message_it_was() -> None:
    messages = [sent("one", 5, signature="天天商城"), sent("two", 1, signature="示例商城")]
    assert answering(*messages, signature_text="天天商城") == "one"
    assert answering(*messages, signature_text="【天天商城】") == "one"
    assert answering(*messages, signature_text="谁的") is None


def test_what_was_sent_after_the_reply_was_not_answered() -> None:
    assert answering(sent("one", 5), sent("two", -0.2)) == "one"
    assert answering(sent("two", -0.2)) is None
    # Two clocks may differ by some minutes.
    assert answering(sent("one", 5), sent("two", -0.05)) == "two"


def test_nothing_sent_is_nothing_answered() -> None:
    assert answering() is None


@pytest.mark.parametrize(
    "body", [{}, {"comment": ""}, {"comment": "x" * 201}, {"comment": "x", "phone": "1"}]
)
def test_who_does_it_by_hand_says_why(body: dict[str, object]) -> None:
    with pytest.raises(BadParameter):
        opt_outs.comment(body)
