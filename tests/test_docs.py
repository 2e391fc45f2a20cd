"""The documentation says what is so: its examples run, its lists are complete, its commands can be found."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import lazycell

from .pages import blocks

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
RUNNER = Path(__file__).with_name("pages.py")


def run_page(path: Path, directory: Path) -> subprocess.CompletedProcess[str]:
    """Run a page in a process of its own: what it registers and seeds is nobody else's."""
    return subprocess.run(
        [sys.executable, str(RUNNER), str(path)], cwd=directory, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("page", [page for page in PAGES if "```py" in page.read_text()], ids=lambda page: page.name)
def test_the_examples_of_a_page_run_and_print_what_the_page_shows(page: Path, tmp_path: Path) -> None:
    """Every Python block, in order, in one session."""
    done = run_page(page, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("page", "problem"),
    [
        ("```pycon\n>>> 1 + 1\n3\n```\n", "Got:\n    2"),
        ("```python\nx = 1\n```\n\n- in a list\n\n  ```pycon\n  >>> x\n  2\n  ```\n", "Got:\n    1"),
        ("```python\nundefined\n```\n", "NameError: name 'undefined' is not defined"),
        (
            "```pycon\n>>> int('x')\nTraceback (most recent call last):\n    ...\nValueError: no\n```\n",
            "invalid literal",
        ),
    ],
    ids=["output", "session", "exception", "message"],
)
def test_a_page_that_is_wrong_is_noticed(page: str, problem: str, tmp_path: Path) -> None:
    """What runs the pages can fail: at wrong output, a wrong message, and an exception."""
    path = tmp_path / "page.md"
    path.write_text(page)
    done = run_page(path, tmp_path)
    assert done.returncode != 0
    assert problem in done.stdout + done.stderr


def test_every_python_block_is_run() -> None:
    """A block in a language that nobody runs would only look like an example."""
    languages = {block.language for page in PAGES for block in blocks(page.read_text())}
    assert languages <= {"python", "pycon", "console", "toml", "text"}


def test_the_example_of_the_readme_is_short() -> None:
    """The first example stays under 15 lines."""
    example = next(block for block in blocks((ROOT / "README.md").read_text()) if block.language == "python")
    assert len(example.text.splitlines()) < 15


@pytest.mark.parametrize("command", ["demo", "test"])
def test_the_commands_of_the_readme_can_be_found(command: str) -> None:
    """Below its marker stands one block with one line, which scripts take and people paste."""
    text = (ROOT / "README.md").read_text()
    assert text.count(f"<!-- {command}-command -->") == 1
    block = next(blocks(text.partition(f"<!-- {command}-command -->\n")[2]))
    assert re.fullmatch(r"python -m pip install .*\n", block.text)


def test_every_public_name_is_in_the_reference() -> None:
    """What can be imported from lazycell is described in the reference."""
    text = (ROOT / "docs" / "reference.md").read_text()
    described = set(re.findall(r"^::: lazycell\.(\w+)$", text, re.M)) | set(re.findall(r"`(\w+)`", text))
    assert set(lazycell.__all__) - described == set()


def test_the_reference_describes_public_names_alone() -> None:
    """Nothing that was renamed or removed is left in it."""
    text = (ROOT / "docs" / "reference.md").read_text()
    assert set(re.findall(r"^::: lazycell\.(\S+)$", text, re.M)) <= set(lazycell.__all__)


def test_links_between_pages_lead_somewhere() -> None:
    """mkdocs checks its own pages; this also checks the README's."""
    for page in PAGES:
        for target in re.findall(r"\]\((?!https?://|#)([^)#\s]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
