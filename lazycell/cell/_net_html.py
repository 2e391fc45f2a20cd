"""A net in a notebook: its manifest, and the state of each parameter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .. import show
from .._collector import collector_paused
from ..manifest import called, parameters_html
from ..parameters import life_of
from ._net_manifest import survey

if TYPE_CHECKING:
    from .._nn_cell import Cell
    from ..layout import ManifestEntry


def net_html(net: Cell) -> str:
    """Show a net: how many parameters are in each state, and, to be opened, each of them. No value is read."""
    return show.html.in_notebook(net, _html)


def _html(net: Cell) -> str:
    with collector_paused():
        manifest, parameters = survey(net)
    states = {name: life_of(parameter)[0] for name, parameter in parameters.items()}

    def state(members: list[ManifestEntry]) -> str:
        counts = Counter(states[entry.name] for entry in members)
        return next(iter(counts)) if len(counts) == 1 else _counted(counts)

    parts = [show.html.title(called(manifest)), show.html.note(_counted(Counter(states.values())) or "no parameters")]
    return show.html.block([*parts, *parameters_html(manifest, "state", state)])


def _counted(states: Mapping[Any, int]) -> str:
    return ", ".join(f"{count:,} {state}" for state, count in sorted(states.items()))
