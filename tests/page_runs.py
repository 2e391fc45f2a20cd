"""Which pages have examples, and how a page is run: by `pages.py`, in a process of its own."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from . import forked

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
COMMANDS = ROOT / "docs" / "commands"
RUNNER = Path(__file__).with_name("pages.py")


def run_page(path: Path, directory: Path) -> subprocess.CompletedProcess[str]:
    """Run a page in a process of its own: what it registers and seeds is nobody else's."""
    return subprocess.run(
        [*forked.python(), str(RUNNER), str(path)],
        cwd=directory,
        env={**os.environ, "FORKED": forked.directory_of_script()},
        capture_output=True,
        text=True,
        check=False,
    )


def has_examples(page: Path) -> bool:
    """Whether there is something to run on a page."""
    text = page.read_text()
    return "```py" in text or "```console\n$ " in text


def pages(*, of_commands: bool) -> list[Path]:
    """Give the pages that have examples: those of the commands, or the others, which two processes run side by side."""
    return [page for page in PAGES if (page.parent == COMMANDS) == of_commands and has_examples(page)]


def name_of(page: Path) -> str:
    """Name a test of a page."""
    return page.relative_to(ROOT).as_posix()
