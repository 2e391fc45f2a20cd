"""What adapters cost: `python -m benchmarks.adapters`, a load with one beside the load without, and switches."""

from __future__ import annotations

import sys

import click

from . import _adapter_merging, _machine

_PACKAGES = ("lazycell", "mindspore", "numpy")


@click.command(help="Time a load with an adapter beside the load without it, and print a Markdown table.")
@click.option("--quick", is_flag=True, help="A tiny model, one round: tells whether everything runs, not how fast.")
@click.option("--rounds", type=click.IntRange(min=1), default=3, show_default=True, help="Of each load.")
def main(quick: bool, rounds: int) -> None:
    met = _adapter_merging.run(1 if quick else rounds, quick=quick, tell=click.echo)
    click.echo("\n" + "\n".join(f"- {key}: {value}" for key, value in _machine.describe().items()))
    versions = _machine.versions(sys.executable, _PACKAGES)
    click.echo("- versions: " + ", ".join(f"{package} {version}" for package, version in versions.items()))
    sys.exit(0 if met else 1)


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.adapters")
