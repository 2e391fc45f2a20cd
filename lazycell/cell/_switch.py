"""Switching adapters on a net that is loaded: what they change is read again from the file, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
from mindspore import nn

from .. import loading
from .._arguments import check_switch
from .._dtypes import bytes_of
from .._errors import CheckpointError, LazyCellError
from .._harmless import printable
from .._location import did_you_mean
from ..formats import CheckpointHeader
from ..loading import LOADED, Loaded, LoadOptions, LoadPlan, LoadReport, LoadStep, as_given
from ..parameters import cells_of, lacks_values, numpy_values, part_of
from ..reading import Reader
from ..show import collapse, few
from ._load_checkpoint import load_checkpoint
from ._load_steps import plan_load
from ._naming import naming_of

if TYPE_CHECKING:
    from .._nn_cell import Cell
    from ..manifest import Manifest
    from ..system import Array
    from ._load_steps import Planned

Surveyed = tuple["Manifest", Mapping[str, Any]]
Wanted = str | Mapping[str, float] | None

_SHOWN = 4

_AT_ONCE = 16_000_000
"""Bytes of parameters that are read at once to be compared: enough for several threads to have work."""


def load_adapter(
    net: Cell,
    path: str | PathLike[str],
    name: str = "default",
    weight: float = 1.0,
    *,
    discard: bool = False,
    progress: Callable[[int, int], None] | None = None,
    timeout: float = 300.0,
) -> LoadReport:
    """Merge an adapter into any net that lazycell has loaded, instead of those that are merged into it.

    The same as `LazyCell.load_adapter`, and so are the arguments, for cells that are plain.

    Args:
        net: any cell into which lazycell has loaded a checkpoint.
        path: the directory of the adapter.
        name: by which `set_adapter` knows it. One of that name takes its place.
        weight: what its changes are multiplied by.
        discard: whether parameters that were changed since the load may be read again, which loses what was changed.
        progress: called with the bytes done and the bytes in all; default: a bar on a terminal, after two seconds.
        timeout: of a net on a mesh, whose ranks all call this: seconds to wait for an answer of another.

    Returns:
        What was read again.

    Raises:
        CheckpointError: nothing says which checkpoint was loaded, it has changed since, or the adapter is none of it;
            or parameters were changed since, and `discard` is not given.
        ConfigError: its `adapter_config.json` asks for what is not done here.
        FileNotFoundError: there is no adapter, or the checkpoint has gone.
        TypeError: `net` is no cell, or `name` no text.
    """
    former = _loaded(net, "load_adapter")
    if not isinstance(name, str) or not name:
        raise TypeError(f"name={name!r:.80}: the name of an adapter is a text")
    place = Path(fspath(path)).absolute()
    known = {**former.known, name: (place, weight)}
    return _switch(net, former, known, {name: weight}, discard, progress, timeout)


def set_adapter(
    net: Cell,
    name: Wanted,
    *,
    discard: bool = False,
    progress: Callable[[int, int], None] | None = None,
    timeout: float = 300.0,
) -> LoadReport:
    """Choose which of its adapters are merged into any net that lazycell has loaded.

    The same as `LazyCell.set_adapter`, and so are the arguments, for cells that are plain.

    Args:
        net: any cell into which lazycell has loaded a checkpoint.
        name: of the adapter, `{name: weight}` for several, or None for none.
        discard: whether parameters that were changed since the load may be read again, which loses what was changed.
        progress: called with the bytes done and the bytes in all; default: a bar on a terminal, after two seconds.
        timeout: of a net on a mesh, whose ranks all call this: seconds to wait for an answer of another.

    Returns:
        What was read again.

    Raises:
        CheckpointError: nothing says which checkpoint was loaded, or it has changed since; or parameters were changed
            since, and `discard` is not given.
        TypeError: `net` is no cell, or `name` is none of these.
        ValueError: no adapter of that name was loaded.
    """
    former = _loaded(net, "set_adapter")
    return _switch(net, former, former.known, _chosen(name, former), discard, progress, timeout)


def _loaded(net: nn.Cell, function: str) -> Loaded:
    if not isinstance(net, nn.Cell):
        raise TypeError(f"{function}() takes a net, not {net!r:.80}")
    found = net.__dict__.get(LOADED, "no checkpoint was loaded into it by lazycell, or into a net that it is a part of")
    if isinstance(found, Loaded):
        return found
    raise CheckpointError(
        f"{function}: nothing says where the weights of this {type(net).__name__} are from: {found}. Load it from a "
        "file first, with `from_pretrained(path)` or `load_checkpoint(path)`"
    )


def _chosen(name: Wanted, former: Loaded) -> dict[str, float]:
    """Give names and weights.

    Raises:
        TypeError: what is given is neither a name, nor names and weights, nor None.
        ValueError: there is no such adapter.
    """
    if name is None:
        return {}
    if not isinstance(name, str | Mapping):
        raise TypeError(
            f"set_adapter({name!r:.80}): give the name of an adapter, {{name: weight}} for several, or None for none"
        )
    names = [name] if isinstance(name, str) else [*name]
    for each in names:
        if each not in former.known:
            there = f"there are {', '.join(former.known)}" if former.known else "none was loaded"
            near = did_you_mean(each, former.known) if isinstance(each, str) else ""
            advice = f": {there}; `net.load_adapter(DIR, name=…)` loads one"
            raise ValueError(f"set_adapter: there is no adapter {each!r:.80}{near or advice}")
    return {name: former.known[name][1]} if isinstance(name, str) else dict(name)


def _switch(
    net: nn.Cell,
    former: Loaded,
    known: Mapping[str, tuple[Path, float]],
    chosen: Mapping[str, float],
    discard: bool,
    progress: Callable[[int, int], None] | None,
    timeout: float,
) -> LoadReport:
    check_switch(discard, "discard")
    for path, cell in net.cells_and_names():
        if "base_layer" in cells_of(cell):
            raise CheckpointError(
                f"`{path}` has an adapter of its own, in cells that were swapped in: its weights have other names now "
                "than those that were loaded. Save that adapter with `save_adapter`, and load a net anew to merge one"
            )
    given = [(str(known[name][0]), weight) for name, weight in chosen.items()]
    options = attrs.evolve(former.options, adapter=given or None, progress=progress, timeout=timeout)
    change = Switch(net, former, known, [*chosen], discard, options)
    return load_checkpoint(net, former.path, options, naming_of, switch=change)


class Switch:
    """What of a load is carried out, where only the adapters are others.

    Args:
        net: that is loaded.
        former: what it was loaded from.
        known: all adapters, by name, with those that are new.
        names: of those that are to be merged, in the order of the options.
        discard: whether values that were changed since the load may be lost.
        options: of the load that is to come.
    """

    def __init__(
        self,
        net: nn.Cell,
        former: Loaded,
        known: Mapping[str, tuple[Path, float]],
        names: Sequence[str],
        discard: bool,
        options: LoadOptions,
    ) -> None:
        self._net, self._former, self._known = net, former, known
        self._names, self._discard, self._options = names, discard, options

    def only_what_changes(
        self, plan: LoadPlan, loaded: Loaded | str, header: CheckpointHeader, surveyed: Surveyed
    ) -> tuple[LoadPlan, Loaded]:
        """Cut the plan of a whole load to what the adapters change, those of before and those to come.

        Args:
            plan: for all of the net.
            loaded: what is remembered of it.
            header: of the checkpoint, with the adapters.
            surveyed: the manifest of the whole model, and the net's parameters.

        Raises:
            CheckpointError: the file is another than before, or the base has no tensor for what an adapter brought.
        """
        assert isinstance(loaded, Loaded)
        former = self._former
        for path, stamp in former.stamps.items():
            now = loaded.stamps.get(path)
            change = f"no tensor is in {path.name} any more" if now is None else stamp.change_to(now)
            if change is not None:
                raise CheckpointError(
                    f"{path}: the file has changed since the net was loaded from it: {change}. What the adapters "
                    "change would be of other weights than the rest: load the net anew"
                )
        adapters = tuple(attrs.evolve(each, name=name) for each, name in zip(plan.adapters, self._names, strict=True))
        before = {name for each in former.adapters for name in each.tensors}
        changed = before.union(*(each.tensors for each in adapters))
        steps = tuple(step for step in plan.steps if not changed.isdisjoint(_stored_names(step)))
        gone = [name for name in before if name not in header.tensors]
        if gone:
            self._refuse_gone(gone, {step.parameter for step in steps}, header, surveyed)
        plan = attrs.evolve(plan, steps=steps, initialize=(), new_head=(), adapters=adapters)
        return plan, attrs.evolve(former, known=dict(self._known), adapters=adapters)

    def _refuse_gone(self, gone: Iterable[str], filled: set[str], header: CheckpointHeader, surveyed: Surveyed) -> None:
        """Refuse to take away an adapter that brought what the base does not have: nothing could take its place."""
        left = [
            step.parameter
            for step in self._plan_before(surveyed).plan.steps
            if step.parameter not in filled and not {*gone}.isdisjoint(_stored_names(step))
        ]
        if left:
            raise CheckpointError(
                f"{header.path} has nothing for {_listed(left)}, which the adapter brought that is merged now: nothing "
                "could take its place. Build and load a net for the other one"
            )

    def check_unchanged(self, planned: Planned, tell: Callable[[int, int], None]) -> None:
        """Compare what is about to be replaced with what was loaded: what was trained since would be lost.

        Args:
            planned: what is to be read.
            tell: called with the bytes that are compared, and those in all.

        Raises:
            CheckpointError: something is not as it was loaded, or that cannot be told.
        """
        if self._discard or not planned.plan.steps:
            return
        names = {step.parameter for step in planned.plan.steps}
        try:
            before = self._plan_before((planned.manifest, planned.targets)).plan
            steps = [step for step in before.steps if step.parameter in names]
            if any(part_of(planned.targets[name]) is not None for name in names):
                places = {name: part_of(planned.targets[name]) for name in names}
                steps = [*loading.cut_plan(attrs.evolve(before, steps=tuple(steps)), places).steps]
            changed: list[str] = []
            done, total = 0, sum(step.nbytes for step in steps)
            with Reader(mmap=self._options.mmap) as reader:
                for some in _by_size(steps):
                    changed += _not_as_read(planned, attrs.evolve(before, steps=some), reader)
                    done += sum(step.nbytes for step in some)
                    tell(done, total)
        except (LazyCellError, OSError) as error:
            raise CheckpointError(
                f"nothing can tell whether the weights were changed since they were loaded: {error}. To read them "
                "again all the same, pass discard=True"
            ) from error
        if changed:
            raise CheckpointError(
                f"{_listed(changed)}: {'it is' if len(changed) == 1 else 'they are'} not as "
                f"{'it was' if len(changed) == 1 else 'they were'} loaded: changed since, by a training say, or the "
                "files of the adapter are others now. To switch adapters reads them again, and this would be lost: "
                "save the net first, or pass discard=True"
            )

    def _plan_before(self, surveyed: Surveyed) -> Planned:
        options = attrs.evolve(self._former.options, adapter=as_given(self._former.adapters))
        return plan_load(self._net, self._former.path, options, naming_of, None, surveyed)


def _stored_names(step: LoadStep) -> set[str]:
    """Give the names of the stored tensors that a step reads."""
    return {step.key, *step.key.split(" + "), *(tensor.name for tensor in step.read)}


def _by_size(steps: Iterable[LoadStep]) -> Iterator[tuple[LoadStep, ...]]:
    """Part steps into such as take no more than a little memory together, or are one."""
    taken: list[LoadStep] = []
    size = 0
    for step in steps:
        size += step.nbytes
        if taken and size > _AT_ONCE:
            yield tuple(taken)
            taken, size = [], step.nbytes
        taken.append(step)
    if taken:
        yield tuple(taken)


def _not_as_read(planned: Planned, plan: LoadPlan, reader: Reader) -> list[str]:
    """Give the parameters of a plan that do not have the very bytes that a load would give them."""
    return [
        name for name, wanted in loading.stage(plan, reader).items() if not _is_alike(planned.targets[name], wanted)
    ]


def _is_alike(parameter: Any, wanted: Array) -> bool:
    if lacks_values(parameter):
        return False
    present = numpy_values(parameter)
    if present.shape != wanted.shape or present.dtype != wanted.dtype:
        return False
    one, other = (np.frombuffer(bytes_of(each), np.uint8) for each in (np.ascontiguousarray(present), wanted))
    return np.array_equal(one, other)


def _listed(names: Iterable[str]) -> str:
    return few((f"`{printable(pattern)}`" for pattern, _ in collapse(names)), _SHOWN)
