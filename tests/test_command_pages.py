"""The examples on the pages of the commands run, and print what is shown: `test_docs` has the other pages."""

from __future__ import annotations

from pathlib import Path

import pytest

from .page_runs import name_of, pages, run_page


@pytest.mark.parametrize("page", pages(of_commands=True), ids=name_of)
def test_the_examples_of_a_commands_page_run_and_print_what_it_shows(page: Path, tmp_path: Path) -> None:
    """Every command, and every Python block, in order, in one session."""
    done = run_page(page, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
