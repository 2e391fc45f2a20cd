"""The measured process of imports: it takes them one after another, and prints what each took.

`python -c "from benchmarks._import import main; main()" STEP...`. Not `python -m`, which imports some of the standard
library before; for the same reason nothing is imported here that Python has not at its start.
"""

from __future__ import annotations

import sys

from ._measure import measure

TYPE_CHECKING = False  # see `_measure`
if TYPE_CHECKING:
    from typing import Any


def mindspore(before: Any) -> None:
    """Import MindSpore."""
    import mindspore  # noqa: F401


def package(before: Any) -> None:
    """Import lazycell, whose names are imported when they are used."""
    import lazycell  # noqa: F401


def lazycell(before: Any) -> None:
    """Import what declares, loads and initializes: everything that stands on MindSpore."""
    from lazycell import LazyCell, init_parameters_data, no_init_parameters, register_initializer, status  # noqa: F401


def lazycell_alone(before: Any) -> None:
    """Import what describes and plans, which needs no MindSpore."""
    from lazycell import Manifest, open_checkpoint, plan  # noqa: F401

    if "mindspore" in sys.modules:
        raise ImportError("MindSpore was imported on the way")


def main() -> None:
    """Take the steps that the arguments name; print one line of JSON, as `_process` does."""
    _, taken = measure({name: globals()[name] for name in sys.argv[1:]})
    import json

    print(json.dumps({"first_use": 0, "steps": taken, "checksum": 0}))
