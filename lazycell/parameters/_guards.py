"""MindSpore's own files of a net of which this rank has parts: refused, for MindSpore takes each part for a whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from mindspore import Parameter, nn

from .._errors import CheckpointError
from ._part import PLACE, part_of


def refuse_save(what: Any, chooses: Callable[[str], bool] | None, others: Any) -> None:
    """Refuse `mindspore.save_checkpoint` of parts.

    Args:
        what: the net, a list or a dict that is to be saved.
        chooses: tells of a name whether it is; None: all are.
        others: further values by name, or nothing.

    Raises:
        CheckpointError: this rank has a part of something that would be saved.
    """
    saved = [each for name, each in _named(what) if chooses is None or chooses(name)]
    saved += others.values() if isinstance(others, Mapping) else ()
    own = hasattr(what, "save_checkpoint") or not isinstance(what, nn.Cell)
    instead = "net.save_checkpoint(path)" if own else "lazycell.save_checkpoint(net, path)"
    _refuse(saved, "save", f"{instead} saves the model")


def refuse_export(net: Any) -> None:
    """Refuse `mindspore.export` of parts.

    Raises:
        CheckpointError: this rank has parts of the net's parameters.
    """
    if isinstance(net, nn.Cell):
        _refuse(net.get_parameters(), "export", "export the model from one process, where it is built without a mesh")


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
