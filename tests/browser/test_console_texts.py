"""What the console says: complete in both languages, and nothing that nobody says."""

import json
import re
from pathlib import Path

import pytest

from signet import audiences, campaigns, planning
from signet.apps import Switches
from signet.audience_problems import PROBLEMS
from signet.flows import show_plan

STATIC = Path(__file__).resolve().parents[2] / "functions" / "console" / "static"
MODULES = [path for path in sorted(STATIC.glob("*.js")) if not path.name.startswith("texts")]
HAN = re.compile(r"[\u4e00-\u9fff]")


def texts(language: str) -> dict[str, str]:
    """The texts of one language by their names, in their order."""
    source = (STATIC / f"texts-{language}.js").read_text(encoding="utf-8")
    body = source[source.index("{") : source.rindex("}") + 1]
    plain = re.sub(r"^\s*//.*$", "", body, flags=re.MULTILINE)
    found: dict[str, str] = json.loads(re.sub(r",(\s*\})$", r"\1", plain))
    return found


def placeholders(text: str) -> list[str]:
    return sorted(re.findall(r"(?<!\{)\{(\w+)\}(?!\})", text))


def said() -> set[str]:
    """The names that the modules say, those that are put together as patterns of them."""
    source = "\n".join(path.read_text(encoding="utf-8") for path in MODULES)
    strings = set(re.findall(r'"([\w-]+(?:\.[\w-]+)*)"', source))
    templates = re.findall(r"\b(?:text|say)\(`([^`]+)`", source)
    patterns = [re.sub(r"\$\{[^}]+\}", r"[\\w-]+", each.replace(".", r"\.")) for each in templates]
    known = texts("zh")
    return {
        name
        for name in known
        if name in strings or any(re.fullmatch(pattern, name) for pattern in patterns)
    }


def test_both_languages_have_the_same_names_in_the_same_order() -> None:
    assert list(texts("zh")) == list(texts("en"))
    assert len(texts("zh")) > 300


def test_every_text_is_whole_in_both_languages() -> None:
    chinese, english = texts("zh"), texts("en")
    assert [name for name in chinese if not (chinese[name] and english[name])] == []
    assert [
        name for name in chinese if placeholders(chinese[name]) != placeholders(english[name])
    ] == []
    in_chinese = [name for name, text in english.items() if HAN.search(text)]
    assert in_chinese == ["language.other"]


def test_every_text_is_said_somewhere_and_every_said_one_exists() -> None:
    assert set(texts("zh")) - said() == set()
    source = "\n".join(path.read_text(encoding="utf-8") for path in MODULES)
    named = set(re.findall(r'\b(?:text|say)\(\s*"([^"]+)"', source))
    assert named - set(texts("zh")) == set()


def test_every_switch_of_an_app_is_shown_with_a_label_and_a_hint() -> None:
    source = (STATIC / "switches.js").read_text(encoding="utf-8")
    lists = re.findall(r"const (?:SMS|ACCOUNTS) = \[(.*?)\];", source, re.DOTALL)
    shown = [name for each in lists for name in re.findall(r'"(\w+)"', each)]
    asked = re.findall(r'\["(\w+)", (?:true|false)\]', source)
    known = set(texts("zh"))

    assert sorted(shown) == sorted(Switches.__slots__)
    assert {f"switch.{name}{part}" for name in shown for part in ("", ".hint")} <= known
    assert {name for name in shown if f"switch.{name}.ask" in known} == set(asked)


def test_all_that_can_become_of_a_campaign_has_words_and_a_way_on() -> None:
    known = set(texts("zh"))
    whys = [f"campaignWhy.{why}{part}" for why in campaigns.Why for part in ("", ".todo")]
    problems = [*planning.Problem, show_plan.GONE]
    unplanned = [f"planProblem.{one}{part}" for one in problems for part in ("", ".todo")]
    ruled_out = [one for one in campaigns.Outcome if not one.is_paid]
    left_out = [f"dropped.{one}" for one in (*ruled_out, *planning.Left)]
    states = [f"campaignState.{state}" for state in campaigns.State]

    assert {*whys, *unplanned, *left_out, *states} - known == set()
    explained = ("campaignWhy.", "planProblem.")
    assert {name for name in known if name.startswith(explained)} == {*whys, *unplanned}
    assert {name for name in known if name.startswith("dropped.")} == {*left_out, "dropped.other"}


def test_all_that_can_be_wrong_with_an_audience_has_words_and_a_way_on() -> None:
    known = set(texts("zh"))
    problems = [f"audienceProblem.{one}{part}" for one in PROBLEMS for part in ("", ".todo")]
    rows = [f"refused.{reason}" for reason in audiences.Reason]
    states = [f"audienceState.{state}" for state in audiences.State]

    assert {*problems, *rows, *states} - known == set()
    assert {name for name in known if name.startswith("audienceProblem.")} == set(problems)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_a_module_leaves_words_to_the_texts_and_makes_no_markup(path: Path) -> None:
    code = path.read_text(encoding="utf-8")
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(", code)
    # The brackets of a signature are the same in every language, and no letters.
    assert not HAN.search(re.sub(r"^\s*(//|/?\*).*$", "", code, flags=re.MULTILINE))
