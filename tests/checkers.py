"""What type checkers say of the two spellings: false errors in what is right, and mistakes that they find.

    python -m tests.checkers [--bin DIRECTORY] [CHECKER]...

It prints the table of `docs/typing.md`. Checkers that are not beside this Python may be in another environment, whose
`bin` is given: `pip install basedpyright zuban` in one of its own, since neither is needed for anything else.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

FILES = Path(__file__).parent / "typing_tests"
STUBS = Path(__file__).parents[1] / "lazycell" / "stubs"

SPELLINGS = {"card": "`weight: Param[…]`", "twin": "`lazycell.typed`"}
"""The files of each spelling, by how their names begin, and what it is called."""

MYPY = ("--show-error-codes", "--no-error-summary", "--hide-error-context", "--config-file")
CHECKERS = {
    "mypy": ("mypy", *MYPY, "mypy.ini"),
    "mypy with the plugin": ("mypy", *MYPY, "mypy_plugin.ini"),
    "pyright": ("pyright", "--pythonpath", sys.executable, "--project", "{project}"),
    "basedpyright": ("basedpyright", "--pythonpath", sys.executable, "--project", "{project}"),
    "ty": ("ty", "check", "--python", sys.prefix, "--extra-search-path", str(STUBS), "--output-format", "concise"),
    "pyrefly": ("pyrefly", "check", "--python-interpreter-path", sys.executable, "--output-format", "min-text"),
    "zuban": ("zuban", "mypy", "--python-executable", sys.executable, "--config-file", "mypy.ini"),
}


def planted(file: str) -> set[int]:
    """Give the lines of a file with a mistake: those below which some checker is expected to find an error."""
    found, code = set(), 0
    for number, line in enumerate((FILES / file).read_text().splitlines(), 1):
        comment = re.match(r"\s*# E (\w+): (\w+)", line)
        if comment is None:
            code = number
        elif comment[2] == "error":
            found.add(code)
    return found


def faults(output: str, file: str) -> set[int]:
    """Give the lines of a file that a checker's output finds fault with; remarks are none."""
    name = rf"(?:\S*/)?{re.escape(file)}"
    said = re.compile(rf"\s*(?:{name}:(\d+)(?::\d+)?(?::| -) error\b|ERROR {name}:(\d+):)")
    found = [told for line in output.splitlines() if "eveal" not in line and (told := said.match(line))]
    return {int(told[1] or told[2]) for told in found}


def run(checker: str, file: str, places: list[Path]) -> str | None:
    """Run a checker on one file, and give what it says; None: it is not there."""
    name, *arguments = CHECKERS[checker]
    program = next((place / name for place in places if (place / name).exists()), None)
    if program is None:
        return None
    with tempfile.TemporaryDirectory() as directory:
        project = Path(directory) / "pyrightconfig.json"
        config = json.loads((FILES / "pyrightconfig.json").read_text())
        paths = {
            "include": [os.path.relpath(FILES / file, directory)],
            "extraPaths": [str(FILES.parents[1])],
            "stubPath": str(STUBS),
        }
        project.write_text(json.dumps({**config, **paths, "exclude": []}))
        words = [each.format(project=project) for each in arguments]
        given = [] if str(project) in words else [file]
        environment = {**os.environ, "PYTHONPATH": str(FILES.parents[1]), "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"}
        done = subprocess.run(
            [str(program), *words, *given], cwd=FILES, env=environment, capture_output=True, text=True, check=False
        )
    if done.returncode not in (0, 1):
        raise RuntimeError(f"{checker} failed on {file}:\n{done.stdout}{done.stderr}")
    return done.stdout


def row(checker: str, places: list[Path]) -> list[str] | None:
    """Give a checker's row of the table: for each spelling its false errors, and how many mistakes it finds."""
    cells = [checker]
    for spelling in SPELLINGS:
        right, wrong = (run(checker, f"{spelling}{end}.py", places) for end in ("", "_mistakes"))
        if right is None or wrong is None:
            return None
        mistakes = planted(f"{spelling}_mistakes.py")
        found = faults(wrong, f"{spelling}_mistakes.py")
        cells += [str(len(faults(right, f"{spelling}.py"))), f"{len(found & mistakes)} of {len(mistakes)}"]
    return cells


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.checkers", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--bin", type=Path, action="append", default=[], help="where other checkers are")
    parser.add_argument("checkers", nargs="*", metavar="CHECKER", help=f"of {', '.join(CHECKERS)}; default: all")
    given = parser.parse_args()
    titles = [f"{name}: {what}" for name in SPELLINGS.values() for what in ("false errors", "mistakes found")]
    for cells in (["checker", *titles], ["---"] * (1 + len(titles))):
        print(f"| {' | '.join(cells)} |")
    for checker in given.checkers or CHECKERS:
        cells = row(checker, [Path(sys.executable).parent, *given.bin])
        print(f"| {' | '.join(cells)} |" if cells else f"{checker} is not installed", flush=True)


if __name__ == "__main__":
    main()
