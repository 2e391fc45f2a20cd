"""The documentation says what is so: its examples run, its lists are complete, its commands can be found."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from .page_runs import PAGES, ROOT, RUNNER, name_of, pages, run_page
from .pages import blocks


@pytest.mark.parametrize("page", pages(of_commands=False), ids=name_of)
def test_the_examples_of_a_page_run_and_print_what_the_page_shows(page: Path, tmp_path: Path) -> None:
    """Every Python block, in order, in one session, and every command."""
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
        ("```console\n$ echo 1\n2\n```\n", "$ echo 1\nExpected:\n2\nGot:\n1\n"),
        ("```console\n$ false\n$ echo $?\n0\n```\n", "Got:\n1\n"),
        ('```python title="a.py"\nX = 1\n```\n\n```console\n$ cat a.py\nX = 2\n```\n', "Got:\nX = 1\n"),
    ],
    ids=["output", "session", "exception", "message", "command", "status", "file"],
)
def test_a_page_that_is_wrong_is_noticed(page: str, problem: str, tmp_path: Path) -> None:
    """What runs the pages can fail: at wrong output, a wrong message, and an exception."""
    path = tmp_path / "page.md"
    path.write_text(page)
    done = run_page(path, tmp_path)
    assert done.returncode != 0
    assert problem in done.stdout + done.stderr


def test_what_commands_print_is_written_into_a_page(tmp_path: Path) -> None:
    """With `--write`; what `...` stands for on the page stays as it is."""
    path = tmp_path / "page.md"
    path.write_text("```console\n$ echo 1; echo 2\n1\n...\n$ echo 3\n4\n```\n")
    command = [sys.executable, str(RUNNER), "--write", str(path)]
    subprocess.run(command, cwd=tmp_path, check=True)
    assert path.read_text() == "```console\n$ echo 1; echo 2\n1\n...\n$ echo 3\n3\n```\n"


def test_every_command_has_a_page() -> None:
    """Of its own name, in the navigation; and no page is about a command that is not there."""
    from lazycell.cli._main import _COMMANDS

    pages = {page.stem for page in (ROOT / "docs" / "commands").glob("*.md")} - {"index"}
    assert pages == set(_COMMANDS)
    navigation = (ROOT / "mkdocs.yml").read_text()
    assert [name for name in _COMMANDS if f"commands/{name}.md" not in navigation] == []


def test_the_site_is_told_each_thing_once() -> None:
    """Of a key that stands twice, as after a merge, mkdocs takes the later one without a word."""
    keys = re.findall(r"^(\w+):", (ROOT / "mkdocs.yml").read_text(), re.M)
    assert len(keys) == len(set(keys)), keys


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


def test_links_between_pages_lead_somewhere() -> None:
    """mkdocs checks its own pages; this also checks the README's."""
    navigation = (ROOT / "mkdocs.yml").read_text()
    for page in PAGES:
        text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
        for target in re.findall(r"\]\((?!https?://|#)([^)#\s]+)", text):
            made = re.search(r"(?:^|/)(models/[\w.-]+\.md)$", target)  # a model card, written when the docs are built
            known = made is not None and f" {made[1]}\n" in navigation
            assert known or (page.parent / target).exists(), f"{page.name} links to {target}"
