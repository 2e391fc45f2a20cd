"""The examples on the pages of the commands run, and print what is shown: `test_docs` has the other pages."""

from __future__ import annotations

from pathlib import Path

import pytest

from . import forked
from .page_runs import name_of, pages, run_page


@pytest.mark.parametrize("page", pages(of_commands=True), ids=name_of)
def test_the_examples_of_a_commands_page_run_and_print_what_it_shows(page: Path, tmp_path: Path) -> None:
    """Every command, and every Python block, in order, in one session."""
    done = run_page(page, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_command_on_a_page_is_forked(tmp_path: Path) -> None:
    """Else each takes seconds, of all the commands on all pages, and nothing else tells."""
    page = tmp_path / "page.md"
    page.write_text(f"```console\n$ command -v lazycell\n{forked.directory_of_script()}/lazycell\n```\n")
    done = run_page(page, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
