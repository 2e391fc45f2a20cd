"""Models of other projects, built with lazycell and without: `python -m benchmarks.plain_models`."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import click

from . import _models, _page, _row, _run


@click.command()
@click.option("-k", "words", multiple=True, help="Only models whose project or name has this word, several times: any.")
@click.option("-j", "jobs", default=1, show_default=True, help="How many at once; their times then disturb each other.")
@click.option("--rounds", default=15, show_default=True, help="How often a build is timed, at most; 0: not at all.")
@click.option("--docs", is_flag=True, help="Write the page of the documentation.")
@click.option("--json", "found", type=click.Path(path_type=Path), help="Write all that was found, as JSON.")
@click.option("--from", "before", type=click.Path(path_type=Path, exists=True), help="Take what --json wrote instead.")
@click.option("--list", "listed", is_flag=True, help="Print the models and measure nothing.")
def main(
    words: tuple[str, ...], jobs: int, rounds: int, docs: bool, found: Path | None, before: Path | None, listed: bool
) -> None:
    """Build each model eagerly and lazily, save it, load it and run it, each in a process of its own."""
    models = [
        model
        for model in _models.MODELS
        if not words or any(word.lower() in f"{model.project}.{model.name}".lower() for word in words)
    ]
    if listed:
        for model in models:
            click.echo(f"{model.project}.{model.name}")
        return
    if before:
        known = json.loads(before.read_text(encoding="utf-8"))
        rows = [_row.row(model, known[f"{model.project}.{model.name}"]) for model in models]
    else:
        started = time.monotonic()
        results: dict[str, _run.Result] = {}
        rows = []
        with ThreadPoolExecutor(jobs) as pool:
            for model, result in zip(models, pool.map(partial(_run.run, rounds=rounds), models), strict=True):
                results[f"{model.project}.{model.name}"] = result
                rows.append(_row.row(model, result))
                click.echo(_row.line(rows[-1]))
                if found:
                    found.write_text(json.dumps(results, indent=1), encoding="utf-8")
        click.echo(f"{len(models)} models, {time.monotonic() - started:.0f} s")
    for line in _row.totals(rows):
        click.echo(line)
    if docs:
        _page.write(rows)


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.plain_models")
