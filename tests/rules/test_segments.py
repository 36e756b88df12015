"""How many SMS a text is: LeanCloud's rule at home, LeanCloud's or GSM's abroad."""

import json
import random
import re
import shutil
import subprocess
import unicodedata
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signet import segments
from signet.errors import BadParameter
from signet.segments import Rule

WIRE = Path(__file__).resolve().parent.parent / "wire"

# 3GPP TS 23.038 written out once more, as code points, by the rows of its two tables.
BASIC = bytes.fromhex(
    "0040 00a3 0024 00a5 00e8 00e9 00f9 00ec 00f2 00c7 000a 00d8 00f8 000d 00c5 00e5"
    "0394 005f 03a6 0393 039b 03a9 03a0 03a8 03a3 0398 039e      00c6 00e6 00df 00c9"
    "0020 0021 0022 0023 00a4 0025 0026 0027 0028 0029 002a 002b 002c 002d 002e 002f"
    "0030 0031 0032 0033 0034 0035 0036 0037 0038 0039 003a 003b 003c 003d 003e 003f"
    "00a1 0041 0042 0043 0044 0045 0046 0047 0048 0049 004a 004b 004c 004d 004e 004f"
    "0050 0051 0052 0053 0054 0055 0056 0057 0058 0059 005a 00c4 00d6 00d1 00dc 00a7"
    "00bf 0061 0062 0063 0064 0065 0066 0067 0068 0069 006a 006b 006c 006d 006e 006f"
    "0070 0071 0072 0073 0074 0075 0076 0077 0078 0079 007a 00e4 00f6 00f1 00fc 00e0"
).decode("utf-16-be")
ESCAPED = "\f^{}\\[~]|€"

# What does not fit into GSM-7: letters, punctuation and emoji of one and of two units.
OTHERS = "中文短信验证码，。《》éêëçñ`’“”…—אабв😀🎉🚀𝒮"

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=segments.MAX_CHARACTERS)
gsm_texts = st.text(st.sampled_from(BASIC + ESCAPED), max_size=segments.MAX_CHARACTERS)


def at_home(text: str) -> int:
    return segments.count(text, mainland=True, abroad=Rule.GSM)


def by_gsm(text: str) -> list[str]:
    return segments.split(text, mainland=False, abroad=Rule.GSM)


# --- LeanCloud's rule ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("characters", "billed"),
    [(0, 1), (1, 1), (69, 1), (70, 1), (71, 2), (134, 2), (135, 3), (201, 3), (202, 4), (400, 6)],
)
def test_seventy_characters_are_one_message_then_each_holds_sixty_seven(
    characters: int, billed: int
) -> None:
    for character in "中a€😀":
        assert at_home(character * characters) == billed
        assert (
            segments.count(character * characters, mainland=False, abroad=Rule.LEANCLOUD) == billed
        )


@pytest.mark.parametrize("mainland", [True, False])
@pytest.mark.parametrize("rule", Rule)
def test_more_than_four_hundred_characters_are_refused(mainland: bool, rule: Rule) -> None:
    assert segments.count("a" * 400, mainland=mainland, abroad=rule)
    with pytest.raises(BadParameter, match="401 characters"):
        segments.count("a" * 401, mainland=mainland, abroad=rule)


@given(texts)
def test_the_choice_for_abroad_changes_nothing_at_home(text: str) -> None:
    assert at_home(text) == segments.count(text, mainland=True, abroad=Rule.LEANCLOUD)


@given(st.integers(0, 399))
def test_a_longer_text_never_costs_less(characters: int) -> None:
    assert at_home("x" * characters) <= at_home("x" * (characters + 1))


# --- GSM's rule ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", [0]),
        ("a" * 160, [160]),
        ("a" * 161, [153, 8]),
        ("a" * 307, [153, 153, 1]),
        ("€" * 80, [80]),
        ("€" * 81, [76, 5]),
        ("a" * 158 + "€", [159]),
        ("a" * 159 + "€", [153, 7]),
        ("中" * 70, [70]),
        ("中" * 71, [67, 4]),
        ("a" * 70 + "中", [67, 4]),
        ("😀" * 35, [35]),
        ("😀" * 36, [33, 3]),
        ("中" * 66 + "😀" * 3, [66, 3]),
    ],
)
def test_gsm_packs_160_or_153_septets_or_70_or_67_units(text: str, parts: list[int]) -> None:
    assert [len(part) for part in by_gsm(text)] == parts


def test_no_escape_pair_is_torn_though_it_costs_a_segment() -> None:
    text = "a" * 152 + "€" + "b" * 152

    assert len(text) + text.count("€") == 2 * 153
    assert by_gsm(text) == ["a" * 152, "€" + "b" * 151, "b"]


def test_no_surrogate_pair_is_torn_though_it_costs_a_segment() -> None:
    text = "中" * 66 + "😀" + "文" * 66

    assert len(text.encode("utf-16-be")) // 2 == 2 * 67
    assert by_gsm(text) == ["中" * 66, "😀" + "文" * 65, "文"]


@pytest.mark.parametrize("character", BASIC + ESCAPED)
def test_the_two_tables_are_gsms(character: str) -> None:
    room = 160 // (2 if character in ESCAPED else 1)

    assert by_gsm(character * room) == [character * room]
    assert len(by_gsm(character * (room + 1))) == 2


def test_nothing_else_is_in_the_tables() -> None:
    known = set(BASIC + ESCAPED)
    others = (chr(point) for point in range(0x3000) if chr(point) not in known)

    assert all(len(by_gsm(character * 71)) == 2 for character in others)


@given(st.one_of(texts, gsm_texts), st.booleans(), st.sampled_from(Rule))
def test_the_parts_are_the_text(text: str, mainland: bool, rule: Rule) -> None:
    parts = segments.split(text, mainland=mainland, abroad=rule)

    assert "".join(parts) == text
    assert len(parts) == segments.count(text, mainland=mainland, abroad=rule)
    assert all(parts) or parts == [""]


@given(st.one_of(texts, gsm_texts))
def test_every_part_fits_and_none_could_take_the_next_character(text: str) -> None:
    in_gsm = set(text) <= set(BASIC + ESCAPED)
    room = (160, 153) if in_gsm else (70, 67)
    parts = by_gsm(text)

    def size(part: str) -> int:
        if in_gsm:
            return len(part) + sum(part.count(character) for character in ESCAPED)
        return len(part.encode("utf-16-be")) // 2

    assert all(size(part) <= room[len(parts) > 1] for part in parts)
    for part, following in pairwise(parts):
        assert size(part + following[0]) > room[1]
    assert len(parts) == 1 or size(text) > room[0]


# --- Plain text abroad --------------------------------------------------------------------------

# What people write abroad, and what phones and editors make of it.
TYPED = BASIC + ESCAPED + "‘’‚“”„«»–—−…【】\u00a0\u3000\u2009ＡＺ１９！～ê áçőşếđłœ`￥" + OTHERS
typed_texts = st.text(st.sampled_from(TYPED), max_size=segments.MAX_CHARACTERS)
latin_texts = st.text(
    st.characters(max_codepoint=0x24F, exclude_categories=["Cc"]), max_size=segments.MAX_CHARACTERS
)
any_texts = st.one_of(texts, gsm_texts, typed_texts, latin_texts)


def filled(text: str) -> str:
    """A text that is two segments as it is, and one in GSM-7."""
    return text + "x" * (80 - len(text))


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("don’t ‘do’ it ‚ ‹so› `", "don't 'do' it ' 'so' '"),
        ("“Code” „hier« »dort«", '"Code" "hier" "dort"'),
        ("a–b—c‐d‑e−f―g", "a-b-c-d-e-f-g"),
        ("wait…", "wait..."),
        ("【Signet】123456", "[Signet]123456"),
        ("a\u00a0b\u3000c\u2009d\u202fe", "a b c d e"),
        ("Ｃｏｄｅ：１２３！￥", "Code:123!¥"),
        ("forêt, château, façade, Ünïcödé", "foret, chateau, facade, Ünicödé"),
        ("É Ç Ä Ö Å ø æ ß ñ à è ì ò ù é", "É Ç Ä Ö Å ø æ ß ñ à è ì ò ù é"),
        ("Mã xác minh của bạn", "Ma xac minh cua ban"),
        ("Łódź, Đà Nẵng, İstanbul ışık, cœur", "Lodz, Dà Nang, Istanbul isik, coeur"),
        ("e\u0301 is é, c\u030c is č", "é is é, c is c"),
    ],
)
def test_what_gsm_lacks_is_said_by_what_it_has(written: str, sent: str) -> None:
    text = filled(written + "ő")

    assert segments.plain(text).rstrip("x").removesuffix("o") == sent


@pytest.mark.parametrize(
    "written", ["中", "😀", "①", "½", "≠", "x̸", "1️⃣", "а", "ω", "\u200b", "•", "ø̂", "\u00ad"]
)
def test_what_has_no_like_keeps_the_whole_text_as_it_is(written: str) -> None:
    text = filled(f"“{written}” ê")

    assert segments.plain(text) == text


@pytest.mark.parametrize("text", ["“short”", "ê" * 70, "é" * 71, "…" * 70, "", "a" * 161])
def test_what_takes_as_many_segments_is_left_alone(text: str) -> None:
    assert segments.plain(text) == text


@pytest.mark.parametrize("text", ["…" * 200, "ê" * 401, "e\u0302" * 201])
def test_what_is_too_long_on_either_side_is_left_alone(text: str) -> None:
    assert segments.plain(text) == text


@given(any_texts)
def test_plain_text_never_takes_more_segments(text: str) -> None:
    sent = segments.plain(text)

    assert sent == text or len(by_gsm(sent)) < len(by_gsm(text))


@given(any_texts)
def test_plain_text_is_all_gsms_or_as_it_was(text: str) -> None:
    sent = segments.plain(text)

    assert sent == text or set(sent) <= set(BASIC + ESCAPED)


@given(any_texts)
def test_plain_text_stays_as_it_is(text: str) -> None:
    sent = segments.plain(text)

    assert segments.plain(sent) == sent


@given(typed_texts.map(lambda text: text[:390]), st.from_regex("[0-9]{6}", fullmatch=True))
def test_the_digits_of_a_code_stay_what_they_are(text: str, code: str) -> None:
    def digits(said: str) -> list[int]:
        return [unicodedata.digit(each) for each in said if each.isdecimal()]

    sent = segments.plain(text + code + "’")

    assert code in sent
    assert digits(sent) == digits(text + code)


def test_letters_are_those_that_unicode_names() -> None:
    """ "LATIN SMALL LETTER E WITH CIRCUMFLEX" is e, whatever the accent."""
    named = re.compile(r"LATIN (SMALL|CAPITAL) LETTER ([A-Z]) WITH .*")
    changed = 0
    for letter in map(chr, [*range(0xC0, 0x250), *range(0x1E00, 0x1F00)]):
        found = named.fullmatch(unicodedata.name(letter, ""))
        if letter in BASIC or not found:
            continue
        size, name = found.groups()
        base = name if size == "CAPITAL" else name.lower()
        sent = segments.plain(letter * 71)
        assert sent in (base * 71, letter * 71), unicodedata.name(letter)
        assert sent == base * 71 or unicodedata.normalize("NFD", letter)[0] != base
        changed += sent != letter * 71

    assert changed > 300


# --- An independent implementation --------------------------------------------------------------


def calculated(samples: list[str]) -> list[list[str]]:
    """The segments of each text by Twilio's calculator, which is written in TypeScript."""
    node = shutil.which("node")
    if node is None or not (WIRE / "node_modules" / "sms-segments-calculator").exists():
        pytest.skip("NEEDS node and npm (the segments calculator)")
    done = subprocess.run(
        [node, str(WIRE / "segments_calculator.mjs")],
        input=json.dumps(samples),
        capture_output=True,
        text=True,
        check=True,
        timeout=180,
    )
    parts: list[list[str]] = json.loads(done.stdout)
    return parts


def random_texts(count: int) -> list[str]:
    """Texts around the limits, of GSM characters, with more escapes than people write, and mixed.

    Every character is one on the screen as well; the last test has the others.
    """
    chance = random.Random(20261122)
    escapes, mixed = BASIC + ESCAPED * 15, BASIC + ESCAPED + OTHERS
    alphabets = (BASIC, BASIC + ESCAPED, escapes, mixed, OTHERS, "中😀")
    lengths = ((0, 20), (30, 40), (60, 80), (75, 85), (130, 165), (195, 205), (300, 400))
    return [
        "".join(chance.choices(chance.choice(alphabets), k=chance.randint(*chance.choice(lengths))))
        for _ in range(count)
    ]


def test_ten_thousand_texts_are_cut_as_an_independent_implementation_cuts_them() -> None:
    samples = random_texts(10_000)

    assert [by_gsm(text) for text in samples] == calculated(samples)


def test_plain_texts_are_what_an_independent_implementation_sends_by_septets() -> None:
    chance = random.Random(20261123)
    alphabet = TYPED[: -len(OTHERS)] * 20 + OTHERS
    samples = ["".join(chance.choices(alphabet, k=chance.randint(60, 300))) for _ in range(2_000)]
    sent = [segments.plain(text) for text in samples]

    changed = [(text, said) for text, said in zip(samples, sent, strict=True) if text != said]

    assert len(changed) > 200
    cut = calculated([said for _, said in changed])
    assert cut == [by_gsm(said) for _, said in changed]
    before = calculated([text for text, _ in changed])
    assert all(len(now) < len(then) for now, then in zip(cut, before, strict=True))


def test_the_other_implementation_keeps_whole_what_looks_like_one_character() -> None:
    """Where it differs, it is stricter than 3GPP TS 23.040, which knows 16-bit units only.

    Twilio never tears what one sees as one character, such as an emoji with its skin or a letter
    with its accent, and here needs a segment more for that.
    """
    thumb = "👍🏽"
    text = "中" * 65 + thumb + "文" * 65

    assert by_gsm(text) == ["中" * 65 + thumb[0], thumb[1] + "文" * 65]
    assert calculated([text]) == [["中" * 65, thumb + "文" * 63, "文" * 2]]
