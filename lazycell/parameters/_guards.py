"""MindSpore's own files of a net of which this rank has a part: refused, for MindSpore takes what is there for all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from mindspore import Parameter, nn

from .. import show
from .._errors import CheckpointError
from ._part import ELSEWHERE, PLACE, part_of

_SHOWN = 3


def refuse_save(what: Any, chooses: Callable[[str], bool] | None, others: Any) -> None:
    """Refuse `mindspore.save_checkpoint` of parts.

    Args:
        what: the net, a list or a dict that is to be saved.
        chooses: tells of a name whether it is; None: all are.
        others: further values by name, or nothing.

    Raises:
        CheckpointError: this rank has a part of something that would be saved, or lacks what other ranks have.
    """
    saved = [each for name, each in _named(what) if chooses is None or chooses(name)]
    saved += others.values() if isinstance(others, Mapping) else ()
    own = hasattr(what, "save_checkpoint") or not isinstance(what, nn.Cell)
    instead = "net.save_checkpoint(path)" if own else "lazycell.save_checkpoint(net, path)"
    _refuse(saved, "save", f"{instead} saves the model")
    if isinstance(what, nn.Cell):
        _refuse_rest(what, "save", f"{instead} saves the model")


def refuse_export(net: Any) -> None:
    """Refuse `mindspore.export` of parts.

    Raises:
        CheckpointError: this rank has parts of the net's parameters, or lacks what other ranks have.
    """
    if isinstance(net, nn.Cell):
        instead = "export the model from one process, where it is built without a mesh"
        _refuse(net.get_parameters(), "export", instead)
        _refuse_rest(net, "export", instead)


def refuse_load(net: nn.Cell, given: Mapping[str, Any]) -> None:
    """Refuse `mindspore.load_param_into_net`, and so `load_checkpoint(net=…)`, of anything else than the same parts.

    Raises:
        CheckpointError: this rank has a part of a parameter, and was given the whole, or another part.
    """
    for _, parameter in net.parameters_and_names():
        place = part_of(parameter)
        if place is None or not isinstance(value := given.get(parameter.name), Parameter):
            continue
        shape = tuple(value.shape)
        if shape != place.shape or part_of(value) not in (None, place):
            raise CheckpointError(
                f"parameter {parameter.name!r}: this rank has a part of it, {place.shape} of {place.whole}, and "
                f"{'was given another part' if shape == place.shape else f'MindSpore would give it {shape}'}: "
                "net.load_checkpoint(path) takes this rank's part of each parameter out of a file, or out of a dict"
            )


def _refuse(values: Iterable[Any], verb: str, instead: str) -> None:
    values = list(values)
    places = [each.__dict__[PLACE] for each in values if PLACE in getattr(each, "__dict__", ())]
    if places:
        place = places[0]
        raise CheckpointError(
            f"this rank has a part of {len(places)} of {len(values)} parameters: MindSpore would {verb} {place.shape} "
            f"as the whole {place.whole}: {instead}"
        )


def _refuse_rest(net: nn.Cell, verb: str, instead: str) -> None:
    """Refuse a net of which this rank has some layers, or experts, each of them whole, and other ranks the others."""
    found = []
    for path, cell in net.cells_and_names():
        found += [f"{path}.{name}" if path else name for name in cell.__dict__.get(ELSEWHERE, ())]
    if found:
        raise CheckpointError(
            f"this rank lacks what other ranks have, {show.few(found, _SHOWN)}: MindSpore would {verb} the rest as the "
            f"whole model: {instead}"
        )


def _named(what: Any) -> Iterator[tuple[Any, Any]]:
    """Walk what `save_checkpoint` takes, of whatever kind: MindSpore says what is wrong with any other."""
    if isinstance(what, nn.Cell):
        yield from ((parameter.name, parameter) for parameter in what.get_parameters())
    elif isinstance(what, dict):
        yield from what.items()
    elif isinstance(what, list):
        for each in what:
            if isinstance(each, dict):
                yield each.get("name"), each.get("data")
            else:
                yield getattr(each, "name", None), each
