"""`lazycell models`: the registry."""

from __future__ import annotations

import json

import click

from ._interrupt import interrupts_held
from ._progress import working

_EPILOG = """\b
Examples:
  lazycell models
  lazycell models --json
"""


@click.command(epilog=_EPILOG)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
def models(as_json: bool) -> None:
    """List the models that can be found by name.

    These are the classes that `lazycell.from_pretrained` chooses from, by the model_type in config.json: those of
    lazycell's own zoo, and those that other installed packages announce.
    """
    with interrupts_held(), working("importing the models"):
        from .. import registered_models

        known = registered_models()
    from .._table import align

    rows = [(model.model_type, model.architecture, model.cls.__module__) for model in known]
    titles = ("model_type", "class", "module")
    if as_json:
        print(json.dumps([dict(zip(titles, row, strict=True)) for row in rows], indent=2))
    elif rows:
        print("\n".join(align([titles, *rows], indent="")))
    else:
        print("no models are registered")
