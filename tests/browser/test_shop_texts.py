"""The texts of the shop and the virtual phone, read from their modules."""

import re

import pytest

from local.front import PAGES, SHOP

FILES = [SHOP / "assets" / "texts.js", PAGES / "phone-texts.js"]
TEXTS = "\n".join(file.read_text(encoding="utf-8") for file in FILES)
# What a virtual carrier counts (local.carriers).
OUTCOMES = {"delivered", "refused", "failed", "dropped", "undelivered"}
SOURCES = [
    path.read_text(encoding="utf-8")
    for path in [*SHOP.rglob("*.js"), *SHOP.rglob("*.html"), *PAGES.glob("*.*")]
    if path not in FILES
]


def texts(language: str) -> dict[str, str]:
    """Name -> text."""
    blocks = re.findall(rf"^  {language}: \{{\n(.*?)^  \}},", TEXTS, re.DOTALL | re.MULTILINE)
    assert len(blocks) == len(FILES)
    return dict(re.findall(r'^    (\w+):\s+"(.*)",$', "\n".join(blocks), re.MULTILINE))


def test_both_languages_say_the_same_things() -> None:
    chinese, english = texts("zh"), texts("en")

    assert list(chinese) == list(english)
    assert len(chinese) > 80
    for name, text in chinese.items():
        assert re.findall(r"\{\w+\}", text) == re.findall(r"\{\w+\}", english[name]), name


@pytest.mark.parametrize("name", texts("zh"))
def test_every_text_is_said_somewhere(name: str) -> None:
    known = texts("zh")
    if name.endswith("Hosted"):
        assert name.removesuffix("Hosted") in known
    elif name.startswith("did_"):
        assert name.removeprefix("did_") in OUTCOMES
    elif name.endswith("Hint") and name.removesuffix("Hint") in known:
        assert f'"{name.removesuffix("Hint")}"' in (PAGES / "phone-carriers.js").read_text()
    elif name.startswith("wait") or name in {"verification", "notification", "marketing"}:
        return  # said by texts.js itself, or by what a message is
    else:
        said = "\n".join([*SOURCES, TEXTS])
        assert re.search(rf'"{name}"', said), name
