"""The life of all parameters of a net: initializing those that have no values, and giving values up."""

from __future__ import annotations

import sys
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mindspore import Parameter, ParameterTuple, nn

from .. import show
from .._collector import collector_paused
from .._errors import UninitializedParameterError, UninitializedWarning
from ._commit import Assignment, fill_all
from ._context import is_lazy
from ._declared import DeferredParameter, UninitializedParameter
from ._draws import settle
from ._filling import filling, initialize_parameter, needs_no_seed, own_seed, undeclare_parameter
from ._framework import buffers_of, cells_below, expect_first_call, is_only_reading, parameters_in_groups, parameters_of
from ._life import life_of, was_left
from ._part import part_of
from ._seed import count_net, is_of_entropy, seed_for
from ._without_values import is_declared, lacks_values

if TYPE_CHECKING:
    from .._nn_cell import Cell

# How many names a message lists before it says how many there are.
_LISTED = 8


def check_cell(function: str, net: Any) -> None:
    """Refuse what is no cell, before a walk through it fails in a way that nobody understands.

    Args:
        function: who was given it.
        net: what was given.

    Raises:
        TypeError: it is no cell.
    """
    if isinstance(net, nn.Cell):
        return
    is_class = isinstance(net, type) and issubclass(net, nn.Cell)
    given = f"the class {net.__name__}: build it first" if is_class else f"{net!r:.80}"
    raise TypeError(f"{function}() takes a cell, not {given}")


def uninitialized(net: Cell) -> list[str]:
    """List the paths of the parameters that have no values yet. Computed buffers are not among them.

    Args:
        net: any cell.

    Returns:
        The paths, in the net's order.

    Raises:
        TypeError: it is no cell.
    """
    check_cell("uninitialized", net)
    return [name for name, parameter in net.parameters_and_names() if lacks_values(parameter)]


def computed_buffers(net: nn.Cell) -> Iterator[tuple[str, Any]]:
    """Walk the buffers that lazycell declared, by path, each once."""
    seen: set[int] = set()
    for path, cell in net.cells_and_names():
        for name, buffer in buffers_of(cell).items():
            if buffer is None or id(buffer) in seen or not (is_declared(buffer) or "_origin" in buffer.__dict__):
                continue
            seen.add(id(buffer))
            yield (f"{path}.{name}" if path else name), buffer


def _all_parameters(net: nn.Cell) -> Iterator[tuple[str, Any]]:
    """Walk every parameter below a cell by path, in MindSpore's order, those in a ParameterTuple (optimizers) included.

    Such a one has no path but its name.
    """
    seen: set[int] = set()
    for path, cell in net.cells_and_names():
        prefix = f"{path}." if path else ""
        tuples = [each for each in cell.__dict__.values() if isinstance(each, ParameterTuple)]
        own = [(prefix + name, parameter) for name, parameter in parameters_of(cell).items() if parameter is not None]
        others = ((parameter.name, parameter) for each in tuples for parameter in each)
        for full_name, parameter in [*own, *others, *parameters_in_groups(cell)]:
            if id(parameter) not in seen:
                seen.add(id(parameter))
                yield full_name, parameter


def _streams(net: nn.Cell, parameters: Mapping[Any, str]) -> dict[Any, str]:
    """Give the names of the streams of parameters below a cell: their own, or their paths where two have one name.

    They count from the cell: a net has the same streams wherever it was attached.

    Args:
        net: the cell.
        parameters: its parameters, with their paths.
    """
    names = {parameter: parameter.name for parameter in parameters}
    if any(names[parameter] != path for parameter, path in parameters.items()):
        top: str | None = None
        for path, cell in list(net.cells_and_names()):
            # LazyCells give what was attached to them its full name when they are asked for it.
            if type(cell).parameters_and_names is nn.Cell.parameters_and_names:
                continue
            if top is None or not path.startswith(top):
                top = f"{path}." if path else ""
                list(cell.parameters_and_names())
        names = {parameter: parameter.name for parameter in parameters}
    times = Counter(names.values())
    prefix = _prefix(names, parameters)
    return {
        parameter: path if times[names[parameter]] > 1 else names[parameter].removeprefix(prefix)
        for parameter, path in parameters.items()
    }


def _prefix(names: Mapping[Any, str], paths: Mapping[Any, str]) -> str:
    """Give what most names have before their paths: of a part of a net, or of one that was attached to another."""
    found = Counter(
        name.removesuffix(paths[each]) for each, name in names.items() if f".{name}".endswith(f".{paths[each]}")
    )
    return found.most_common(1)[0][0] if found else ""


def init_parameters_data(cell: Cell, seed: int | None = None, *, streams: bool = False) -> dict[Parameter, Parameter]:
    """Initialize whatever has no values in any `nn.Cell`: a LazyCell, a plain cell, or a mixture.

    What draws from streams is drawn on all cores, and given to the parameters when all of it is there: an error or an
    interrupt before that leaves them declared.

    Args:
        cell: any cell.
        seed: of the streams. The parameters of LazyCells always draw from streams, keyed by the seed and their full
            name, counted from `cell`. Default: the first net since `mindspore.set_seed` has that seed, each later one
            another, which `status` tells.
        streams: whether those of plain cells, made under `no_init_parameters`, do so too. Without it, and without a
            seed, they get what an eager build would have given them: the same values under the same
            `mindspore.set_seed`, called before the build or right before this.

    Within `no_init_parameters`, without a seed or `streams`, nothing happens: a constructor that calls it is built
    without values, too.

    Returns:
        Every parameter below `cell`, mapped to itself.

    Raises:
        InitializationError: an initializer cannot give the values of a parameter; or the net is on several ranks, and
            there is no seed.
        TypeError: it is no cell.
    """
    check_cell("init_parameters_data", cell)
    if is_lazy() and seed is None and not streams:
        return {parameter: parameter for _, parameter in _all_parameters(cell)}
    return _initialize(cell, seed, streams=streams)


def _initialize(cell: nn.Cell, seed: int | None = None, *, streams: bool = False) -> dict[Parameter, Parameter]:
    with collector_paused():
        from ._initial import Start, values_for  # not before: a loaded net never needs it

    kinds = UninitializedParameter if seed is None and not streams else (UninitializedParameter, DeferredParameter)
    with show.ProgressBar("initializing") as bar, filling:
        paths = {parameter: path for path, parameter in _all_parameters(cell)}
        parameters = {parameter: parameter for parameter in paths}
        waiting = [parameter for parameter in parameters if parameter.has_init]
        drawing = [parameter for parameter in waiting if isinstance(parameter, kinds)]
        streams_of = _streams(cell, paths) if drawing else {}
        if seed is None and drawing and is_of_entropy():
            _refuse_seeds_of_ranks(cell, drawing)
        in_turn = seed_for(streams_of.values()) if seed is None else seed
        starts = [Start(parameter, streams_of[parameter], in_turn) for parameter in drawing]
        total = sum(parameter.nbytes for parameter in waiting)
        drawn = values_for(starts, lambda done: bar(done, total))
        fill_all(Assignment(start.tensor, values, start.origin) for start, values in zip(starts, drawn, strict=True))
        if seed is None and starts:
            count_net()
        done = sum(start.tensor.nbytes for start in starts)
        settle(parameters)
        for parameter in waiting:
            if not isinstance(parameter, kinds) and parameter.has_init:
                parameters[parameter] = parameter.init_data(None, set_sliced=parameter.sliced)
                done += parameter.nbytes
                bar(done, total)
    for path, buffer in computed_buffers(cell):
        initialize_parameter(buffer, in_turn, path)
    return parameters


def _refuse_seeds_of_ranks(net: nn.Cell, drawing: Iterable[Any]) -> None:
    """Refuse to draw from a seed of this rank's own: what other ranks have is to be of the same whole, or the same.

    Raises:
        InitializationError: there are other ranks, and what is drawn depends on a seed.
    """
    if all(map(needs_no_seed, drawing)):
        return
    for each in cells_below(net):
        mesh = each.__dict__.get("_lazycell_mesh")
        if mesh is not None and mesh.ranks > 1:
            raise own_seed(f"{type(net).__name__} is on {mesh.ranks} ranks")
    if any(part_of(each) is not None for each in drawing):
        raise own_seed(f"this rank has parts of the parameters of {type(net).__name__}")


def initialize_for_execution(net: nn.Cell) -> None:
    """Initialize what has no values, because the net is about to run.

    Warns:
        UninitializedWarning: once, if a checkpoint had been loaded before, with the names that were not in it.
    """
    if not _lacks_values(net):  # asked at every call in graph mode
        return
    declared, loaded = [], False
    for name, parameter in net.parameters_and_names():
        state, origin = life_of(parameter)
        if state == "declared" and not is_state(parameter):
            full = parameter.name  # what runs may be a part of the net that the checkpoint was for
            declared.append(full if full.endswith(f".{name}") else name)
        loaded = loaded or was_left(parameter) or (origin is not None and origin.kind == "checkpoint")
    if declared and loaded:
        warnings.warn(
            f"{len(declared)} parameter(s) were not in the checkpoint that was loaded, and are initialized now because "
            f"the net is executed: {show.few(declared, _LISTED)}. Call `net.init_parameters_data()` first if this is "
            "meant",
            UninitializedWarning,
            stacklevel=3,
        )
    _initialize(net)


def _lacks_values(net: nn.Cell) -> bool:
    """Tell whether anything below a cell has no values, as fast as it can be told."""
    for cell in cells_below(net):
        for tensor in (*parameters_of(cell).values(), *buffers_of(cell).values()):
            if tensor is not None and (is_declared(tensor) or tensor.init is not None):
                return True
    return False


def refuse_while_saving(net: nn.Cell) -> None:
    """Refuse to initialize when MindSpore asks for it on the way to saving: random values would go into the file.

    Raises:
        UninitializedParameterError: parameters of LazyCells are declared, and the caller is MindSpore's saving code.
    """
    if not is_only_reading(sys._getframe(1)):
        return
    declared = [name for name, each in net.parameters_and_names() if isinstance(each, UninitializedParameter)]
    if declared:
        raise no_values_to_save(net, declared)


def is_state(parameter: Any) -> bool:
    """Tell whether a parameter is the state that an optimizer has made for another: what it begins with is known."""
    return getattr(parameter, "_is_state", False)


def draw_state(parameters: Iterable[Any]) -> None:
    """Give the state of optimizers that was made for parameters without values, and has none, its first values."""
    for parameter in parameters:
        if is_state(parameter) and is_declared(parameter):
            parameter.init_data()


def no_values_to_save(net: nn.Cell, declared: Sequence[str]) -> UninitializedParameterError:
    """Say of a net that is to be saved that these of its parameters have no values."""
    own = hasattr(net, "load_checkpoint")  # a LazyCell's; any other cell goes through lazycell's functions
    load = "net.load_checkpoint(path)" if own else "lazycell.load_checkpoint(path, net)"
    initialize = "net.init_parameters_data()" if own else "lazycell.init_parameters_data(net)"
    return UninitializedParameterError(
        f"{len(declared)} parameter(s) of {type(net).__name__} are declared and have no values to save: "
        f"{show.few((pattern for pattern, _ in show.collapse(declared)), _LISTED)}. Load a checkpoint that has them "
        f"(`{load}`), or call `{initialize}` to initialize them, and save then"
    )


def undeclare(net: nn.Cell, recurse: bool = True) -> None:
    """Give up the values of the parameters that were once declared: they are declared again, and their memory free."""
    for _, cell in net.cells_and_names():
        expect_first_call(cell)
    for _, parameter in net.parameters_and_names(expand=recurse):
        if is_declared(parameter):
            continue
        if getattr(parameter, "_initializer", None) is not None:
            undeclare_parameter(parameter, UninitializedParameter)
