"""What only a clone has, the documentation says to be in a clone: lazycell is installed as a wheel, too."""

from __future__ import annotations

import re

import pytest

from .page_runs import PAGES, ROOT

# What is in the repository and not in the wheel: programs that are run there, and files that are named.
_OF_A_CLONE = re.compile(
    r"python -m (?:tests|benchmarks|pytest)\b|\bjust [a-z]+\b(?=`)|(?<![\w/.-])(?:tests|benchmarks|examples)/|"
    r"pip install -e\b|\$CLONE|mkdocs serve|\.ci/"
)
_HEADING = re.compile(r"^(?=#{1,4} )", re.MULTILINE)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_FENCED = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)


def unsaid(page: str) -> list[str]:
    """Give what a page has of a clone in sections that do not say so; the text before the first heading is one too."""
    # A comment in a shell's or Python's code is no heading.
    text = _FENCED.sub(lambda block: block[0].replace("\n#", "\n "), _COMMENT.sub("", page))
    return [
        found[0]
        for section in _HEADING.split(text)
        for found in _OF_A_CLONE.finditer(section)
        if not re.search(r"\bclone\b", section)
    ]


def test_what_needs_a_clone_says_so() -> None:
    """In the section that has it."""
    found = {page.relative_to(ROOT).as_posix(): unsaid(page.read_text(encoding="utf-8")) for page in PAGES}
    assert {page: things for page, things in found.items() if things} == {}


@pytest.mark.parametrize(
    ("page", "things"),
    [
        ("# A\n\nIn a clone:\n\n```console\n$ python -m benchmarks --quick\n```\n", []),
        ("# A\n\nIn a clone.\n\n## B\n\n```console\n$ python -m benchmarks --quick\n```\n", ["python -m benchmarks"]),
        ("# A\n\n```console\n# in a shell\n$ cp -r $CLONE/tests/golden .\n```\n", ["$CLONE"]),
        ("# A\n\nThe program is `examples/generate.py`.\n", ["examples/"]),
        ("<!-- Written by `python -m benchmarks` -->\n# A\n\nIt lies in `models/layers.py`.\n", []),
    ],
    ids=["said", "said elsewhere", "copied", "named", "comment"],
)
def test_a_section_that_does_not_say_so_is_noticed(page: str, things: list[str]) -> None:
    """And one that does is not."""
    assert unsaid(page) == things


def test_the_wheel_holds_the_packages_that_the_page_names() -> None:
    """`docs/install.md` says which they are, and which extras there are."""
    page, project = ((ROOT / name).read_text(encoding="utf-8") for name in ("docs/install.md", "pyproject.toml"))
    (packages,) = re.findall(r"^packages = \[(.+)\]$", project, re.MULTILINE)
    assert re.findall(r"It has the packages `(\w+)` and `(\w+)`", page) == [tuple(re.findall(r"\w+", packages))]
    extras = re.search(r"^\[project.optional-dependencies\]\n(.*?)\n\n", project, re.MULTILINE | re.DOTALL)
    assert extras
    table = page.partition("| extra |")[2].partition("\n\n")[0]
    rows = {
        name for row in table.splitlines() for name in re.findall(r"`(\w+)`", row.split("|")[1] if "|" in row else "")
    }
    assert rows == set(re.findall(r"^(\w+) = \[", extras[1], re.MULTILINE))
