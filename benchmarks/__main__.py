"""All benchmarks: `python -m benchmarks`. With `--docs` they write the page of the documentation."""

from __future__ import annotations

from . import _page, build, command_line, imports, init, load, run
from ._command import command

_PARTS = (load, init, build, imports, command_line, run)
CASES = tuple(case for part in _PARTS for case in part.CASES)
TARGETS = tuple(target for part in _PARTS for target in part.TARGETS)

if __name__ == "__main__":
    command("Benchmarks", CASES, TARGETS, page=_page.PLACE)(prog_name="python -m benchmarks")
