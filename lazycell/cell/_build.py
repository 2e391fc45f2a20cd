"""Building an instance: parameters without values, children, ties, in the order in which they are declared."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Container, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from mindspore import Parameter, ParameterTuple, nn

from .._collector import collector_paused
from .._dtypes import dtype_name
from .._errors import DeclarationError
from .._location import message, user_location
from ..declaration import Declaration, Group, declaration_of, does_more, leaves_of
from ..manifest import DEFAULT_DTYPE, ResolvedChild, ResolvedParameter, call_text
from ..mesh import mesh_in_force
from ..parameters import building, cells_of, declare, declare_buffer, initialize_cell, is_building, parameters_of
from . import _ranks
from ._blueprint import Blueprint, Call, blueprint_of, call_of
from ._full_names import name_all
from ._ties import tie_together

_ENDLESS = 20
"""A class that is inside itself more often than this when Python's stack is full will never end."""

_inside_another: ContextVar[bool] = ContextVar("lazycell_inside_another", default=False)


def build(cell: Any, declaration: Declaration, given: dict[str, Any], dtype: Any) -> None:
    """Make everything that `declaration` declares on `cell`: the body of every generated `__init__`.

    Args:
        cell: the new instance.
        declaration: of the class whose `__init__` runs.
        given: a value for each hyperparameter.
        dtype: default dtype of its parameters, or None.
    """
    blueprint = blueprint_of(declaration, given, dtype)
    if _inside_another.get():
        _fill_strictly(cell, blueprint)
        return
    token = _inside_another.set(True)
    try:
        with collector_paused():
            _fill_strictly(cell, blueprint)
    except RecursionError as error:
        _refuse_endless(error)
        raise
    finally:
        _inside_another.reset(token)
    mesh = mesh_in_force()
    if mesh is not None:
        _ranks.check_axes(cell, mesh)
    name_all(cell)  # once, at the end: MindSpore renames the whole subtree at every level that a cell is attached to


def _refuse_endless(error: RecursionError) -> None:
    """Say which child it was, where a class builds itself again and again; else it is somebody's own recursion."""
    built: Counter[int] = Counter()
    child: ResolvedChild | None = None
    trace = error.__traceback__
    while trace is not None:
        code, names = trace.tb_frame.f_code, trace.tb_frame.f_locals
        if code is build.__code__:
            built[id(names["declaration"])] += 1
        elif code is _make.__code__:
            child = names.get("child", child)
        trace = trace.tb_next
    if child is not None and max(built.values(), default=0) > _ENDLESS:
        child.spec.complain(
            f"`{call_text(child)}` builds the class that it is a part of, without end: hand a number down that gets "
            "smaller, and end with `when(…)`"
        )


def is_inside_another() -> bool:
    """Tell whether the cell that is being built is a child of another that is."""
    return _inside_another.get()


@contextmanager
def inside_another() -> Iterator[None]:
    """Have what is built here be a part of something on a mesh: what names it, and checks the axes, is the whole."""
    token = _inside_another.set(True)
    try:
        yield
    finally:
        _inside_another.reset(token)


def is_built(cell: nn.Cell) -> bool:
    """Tell whether what a cell's class declares was made on it."""
    return "_lazycell_values" in cell.__dict__


def _fill_strictly(cell: Any, blueprint: Blueprint) -> None:
    if is_building():
        _fill(cell, blueprint)
    else:
        with building():
            _fill(cell, blueprint)


def _fill(cell: Any, blueprint: Blueprint) -> None:
    kind: type = type(cell)
    resolved, attributes = blueprint.resolved, cell.__dict__
    attributes.pop("_lazycell_values", None)  # of a base, whose `__init__` was called: it may be built anew
    fresh = "_params" not in attributes  # else an `__init__` written by hand has called super().__init__()
    if fresh:
        initialize_cell(cell)
    attributes["_lazycell_dtype"] = resolved.dtype
    set_plain = object.__setattr__ if fresh and _sets_as_usual(kind) else setattr
    inserts_plainly = fresh and _inserts_as_usual(kind)  # nothing can go by these names
    mesh = blueprint.mesh
    if mesh is not None:
        attributes["_lazycell_mesh"] = mesh
        if blueprint.elsewhere:
            attributes["_lazycell_elsewhere"] = blueprint.elsewhere
    for name, value in blueprint.attributes.items():
        if name in blueprint.plain:
            set_plain(cell, name, value)
        else:
            _refuse_parameter(cell, name, value)
            setattr(cell, name, value)
    attributes["_lazycell_values"] = resolved.values  # from here on they stay
    if blueprint.computed:
        attributes["_lazycell_computed"] = blueprint.computed
    for name in blueprint.absent:
        # None in `_params` would break init_parameters_data and save_checkpoint.
        object.__setattr__(cell, name, None)
    for each in blueprint.parameters:
        if not each.persistent:
            buffer = declare_buffer(each.initializer, each.shape, each.dtype)
            if each.marks is not None:
                buffer.__dict__.update(each.marks)
            cell.register_buffer(each.name, buffer, persistent=False)
            continue
        made = declare(each.initializer, each.shape, each.dtype, name=each.name, trainable=each.trainable)
        if each.marks is not None:
            made.__dict__.update(each.marks)
        if inserts_plainly:
            parameters_of(cell)[each.name] = made
        else:
            cell.insert_param_to_cell(each.name, made, check_name_contain_dot=False)  # `scales.0` has one
    for name, row in resolved.rows.items():
        object.__setattr__(cell, name, _row_of(row, parameters_of(cell)))
    for name, call in blueprint.children.items():
        child = _make_group(call) if isinstance(call, Group) else _make(call)
        if inserts_plainly:
            cells_of(cell)[name] = child
        else:
            cell.insert_child_to_cell(name, child)
    if resolved.ties:
        ties = resolved.ties if mesh is None else _ranks.ties_here(resolved, mesh)
        tie_together(cell, ties, blueprint.absent)
    if does_more(kind):
        cell.__post_init__()


@functools.lru_cache(maxsize=1024)
def _sets_as_usual(cls: type) -> bool:
    """Tell whether nobody has a say in what becomes of `cell.name = 1` but MindSpore and lazycell."""
    setter = next(base for base in cls.__mro__ if "__setattr__" in vars(base))
    return setter.__module__ == f"{__package__}._cell"


def _inserts_as_usual(cls: Any) -> bool:
    """Tell whether nobody has a say in what becomes of a cell's parameters and children but MindSpore."""
    return (cls.insert_param_to_cell, cls.insert_child_to_cell) == _INSERTING


_INSERTING = (nn.Cell.insert_param_to_cell, nn.Cell.insert_child_to_cell)


def _make_group(group: Group[Call]) -> nn.Cell:
    made = {name: _make_group(part) if isinstance(part, Group) else _make(part) for name, part in group.parts}
    if group.kind == "SequentialCell":
        return nn.SequentialCell(list(made.values()))
    if group.kind == "CellDict":
        try:
            return nn.CellDict(made)
        except (KeyError, TypeError) as error:  # a name that every cell has, or a container
            _, call = next(leaves_of(group))
            call.child.spec.complain(f"nn.CellDict refuses it: {error.args[0]}")
    cells = nn.CellList() if "0" in made or not made else _ranks.SomeCells()
    cells_of(cells).update(made)
    return cells


def is_in_row(cell: nn.Cell, name: str) -> bool:
    """Tell whether a name is that of a parameter in a row of a cell: `scales.0`."""
    return "." in name and name in parameters_of(cell)


def _row_of(group: Group[ResolvedParameter], made: Mapping[str, Any]) -> tuple[Any, ...]:
    """Give the parameters of a row, or of rows, as a cell has them."""
    parts = [_row_of(part, made) if isinstance(part, Group) else made[part.name] for _, part in group.parts]
    return tuple(parts) if any(isinstance(part, tuple) for part in parts) else ParameterTuple(parts)


def make_child(child: ResolvedChild, dtype: str) -> nn.Cell:
    """Call a child's factory, and say which declaration it was when it cannot be called so.

    Args:
        child: what to call.
        dtype: canonical name of the dtype that it gets if it takes one and was given none.
    """
    return _make(call_of(child, dtype))


def _make(call: Call) -> nn.Cell:
    child = call.child
    made = child.factory(*child.args, **call.kwargs)
    if not isinstance(made, nn.Cell):
        child.spec.complain(f"`{call_text(child)}` gave a {type(made).__name__}: a child has to be an nn.Cell")
    if call.handed_down is not None:
        hand_down(made, call.handed_down)
    return made


def hand_down(made: nn.Cell, dtype: Any, kept: Container[int] = ()) -> None:
    """Give the parent's dtype to plain cells that take none, or, as `nn.Embedding`, take one and pay no heed.

    Args:
        made: a child.
        dtype: MindSpore's.
        kept: ids of parameters that were there before.
    """
    for _, cell in made.cells_and_names():
        if declaration_of(type(cell)) is None:
            for each in parameters_of(cell).values():
                if each is not None and id(each) not in kept and dtype_name(each.dtype) == DEFAULT_DTYPE:
                    each.set_dtype(dtype)


def _refuse_parameter(cell: nn.Cell, name: str, value: Any) -> None:
    """Refuse a parameter as the value of a hyperparameter: it would be a parameter that nothing declares."""
    if isinstance(value, Parameter):
        text = f"the hyperparameter `{name}` was given a Parameter: declare it, `{name}: Param[…]`, or `tie` two names"
        raise DeclarationError(message(f"{type(cell).__name__}.{name}", text, user_location()))


def refuse_plain_cells(cell: nn.Cell, name: str, value: Any) -> None:
    """Refuse a plain container of cells as an attribute: MindSpore would not register them, nor their parameters."""
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ()
    if any(isinstance(part, nn.Cell) for part in parts) and not name.startswith("_"):
        text = (
            f"cells in a plain {type(value).__name__} are not registered, so their parameters would be lost: write "
            f"`{name}: list[Block] = children(count, Block, …)` in the class body, or `self.{name} = nn.CellList(…)`"
        )
        raise DeclarationError(message(f"{type(cell).__name__}.{name}", text, user_location()))
