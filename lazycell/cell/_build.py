"""Building an instance: parameters without values, children, ties, in the order in which they are declared."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

import attrs
from mindspore import Parameter, nn

from .._dtypes import dtype_name
from .._errors import DeclarationError
from .._location import message, user_location
from ..declaration._declaration import Declaration, declaration_of
from ..manifest._calls import call_text, complete, is_given_dtype
from ..manifest._resolve import DEFAULT_DTYPE, Resolved, ResolvedChild, ResolvedParameter, resolve
from ..parameters import building, declare, declare_buffer, framework_dtype, parameters_of
from ._initializers import check_initializer, make_initializer
from ._ties import tie_together

_inside_another: ContextVar[bool] = ContextVar("lazycell_inside_another", default=False)


def build(cell: Any, declaration: Declaration, given: dict[str, Any], dtype: Any) -> None:
    """Make everything that `declaration` declares on `cell`: the body of every generated `__init__`.

    Args:
        cell: the new instance.
        declaration: of the class whose `__init__` runs.
        given: a value for each hyperparameter.
        dtype: default dtype of its parameters, or None.
    """
    resolved = resolve(declaration, given, dtype)
    outermost = not _inside_another.get()
    token = _inside_another.set(True)
    try:
        with building():
            _fill(cell, resolved)
    finally:
        _inside_another.reset(token)
    if outermost:
        # Names once, at the end: MindSpore renames the whole subtree at every level that a cell is attached to.
        for name, parameter in cell.parameters_and_names():
            parameter.name = name


def is_built(cell: nn.Cell) -> bool:
    """Tell whether what a cell's class declares was made on it."""
    return "_lazycell_values" in cell.__dict__


def _fill(cell: Any, resolved: Resolved) -> None:
    if "_params" not in cell.__dict__:  # an `__init__` written by hand may have called super().__init__()
        nn.Cell.__init__(cell)
    object.__setattr__(cell, "_lazycell_values", resolved.values)
    object.__setattr__(cell, "_lazycell_dtype", resolved.dtype)
    for name, value in resolved.values.items():
        _refuse_parameter(cell, name, value)
        setattr(cell, name, value)
    for name in resolved.absent:
        # None in `_params` would break init_parameters_data and save_checkpoint.
        object.__setattr__(cell, name, None)
    for parameter in resolved.parameters:
        _add_parameter(cell, parameter)
    for name, child in resolved.children.items():
        made = _make_children(child, resolved.dtype) if isinstance(child, tuple) else make_child(child, resolved.dtype)
        cell.insert_child_to_cell(name, made)
    if resolved.ties:
        tie_together(cell, resolved.ties)
    post_init = getattr(cell, "__post_init__", None)
    if post_init is not None:
        post_init()


def _add_parameter(cell: Any, parameter: ResolvedParameter) -> None:
    spec = parameter.spec
    if parameter.initializer is not spec.initializer:  # it came out of a hyperparameter: only now is it known
        check_initializer(attrs.evolve(spec, initializer=parameter.initializer))
    initializer = make_initializer(parameter.initializer)
    dtype = framework_dtype(parameter.dtype)
    if spec.persistent:
        made = declare(initializer, parameter.shape, dtype, name=parameter.name, trainable=spec.trainable)
        cell.insert_param_to_cell(parameter.name, made)
    else:
        cell.register_buffer(parameter.name, declare_buffer(initializer, parameter.shape, dtype), persistent=False)


def _make_children(calls: tuple[ResolvedChild, ...], dtype: str) -> nn.CellList:
    cells = nn.CellList()
    for position, call in enumerate(calls):
        cells.insert_child_to_cell(str(position), make_child(call, dtype))
    return cells


def make_child(child: ResolvedChild, dtype: str) -> nn.Cell:
    """Call a child's factory, and say which declaration it was when it cannot be called so.

    Args:
        child: what to call.
        dtype: canonical name of the dtype that it gets if it takes one and was given none.
    """
    declared = isinstance(child.factory, type) and declaration_of(child.factory) is not None
    made = child.factory(*child.args, **complete(child, dtype if declared else framework_dtype(dtype)))
    if not isinstance(made, nn.Cell):
        child.spec.complain(f"`{call_text(child)}` gave a {type(made).__name__}: a child has to be an nn.Cell")
    if not declared and not is_given_dtype(child):
        _hand_down(made, framework_dtype(dtype))
    return made


def _hand_down(made: nn.Cell, dtype: Any) -> None:
    """Give the parent's dtype to plain cells that take none, or, as `nn.Embedding`, take one and pay no heed."""
    for _, cell in made.cells_and_names():
        if declaration_of(type(cell)) is None:
            for parameter in parameters_of(cell).values():
                if parameter is not None and dtype_name(parameter.dtype) == DEFAULT_DTYPE:
                    parameter.set_dtype(dtype)


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
