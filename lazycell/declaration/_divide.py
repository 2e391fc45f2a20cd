"""The words of a class body about ranks: `divide`, `shared`, `whole`, `on`."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any, NoReturn

from .._errors import DeclarationError
from .._frozen import frozen
from .._location import Location, frame_location, message, user_location
from ._class_body import ClassBody
from ._symbols import Expression, Name, call, render


@frozen(eq=False)
class Shared:
    """In `divide(…)`: a hyperparameter of which several ranks have the same one where there are fewer than ranks."""

    value: Any


@frozen
class Division:
    """What one class body says of a hyperparameter: the axis, and whether ranks may share."""

    axis: str
    shared: bool
    location: Location | None


def divide(**axes: Any) -> None:
    """State, in a class body, which hyperparameters are divided over the ranks along an axis of the mesh.

    `divide(tp=(num_attention_heads, intermediate_size), pp=num_hidden_layers)`: a model that is built on a mesh with
    the axis `tp` has this rank's equal part of them. What depends on them follows: shapes, arguments and numbers of
    children. Subclasses inherit it, and may add more; `divide(tp=())` takes back what bases say of an axis.

    Args:
        axes: for each axis a hyperparameter or a derived value of the class, or a tuple of them; `shared(n)` for one of
            which several ranks have the same.

    Raises:
        DeclarationError: something else is given, or this stands outside of a class body.
    """
    frame = sys._getframe(1)
    body = frame.f_locals
    if not isinstance(body, ClassBody):
        text = "divide(axis=hyperparameter) belongs in the body of a LazyCell class"
        raise DeclarationError(message("", text, frame_location(frame)))
    for axis, given in axes.items():
        each = given if isinstance(given, tuple) else (given,)
        if not each:
            body.undivided.append(axis)
        for item in each:
            _note(body, axis, item, frame)


def _note(body: ClassBody, axis: str, item: Any, frame: FrameType) -> None:
    value = item.value if isinstance(item, Shared) else item
    name = value._node.name if isinstance(value, Expression) and isinstance(value._node, Name) else None
    if name is None or name in ("SELF",) or name.startswith("INDEX"):
        given = render(value)
        if isinstance(value, Expression):
            _refuse(body, f"divide({axis}={given}): give the value a name, `n = {given}`, and divide that", frame)
        _refuse(body, f"divide({axis}={given}) takes hyperparameters of the class, not {given}", frame)
    before = body.divisions.get(name)
    if before is not None:
        _refuse(body, f"`{name}` is divided twice, along {before.axis!r} and {axis!r}: write it once", frame)
    body.divisions[name] = Division(axis, isinstance(item, Shared), frame_location(frame))


def _refuse(body: ClassBody, text: str, frame: FrameType) -> NoReturn:
    raise DeclarationError(message(body.class_name, text, frame_location(frame)))


def shared(value: Any) -> Any:
    """Say, in `divide(…)`, that several ranks have the same one where there are fewer than ranks: heads of keys.

    Args:
        value: a hyperparameter.

    Returns:
        What `divide` takes in the place of the hyperparameter.
    """
    return Shared(value)


def whole(value: Any) -> Any:
    """Give a number that is divided over ranks as one that is not: `child(Linear, hidden, whole(num_experts))`.

    Args:
        value: a hyperparameter or a derived value, or an expression of them; of anything else, itself.

    Returns:
        A symbol for the number that it is without a mesh.
    """
    return call("whole", (value,))


def on(**at: Any) -> Any:
    """Say, in `when(…)`, that a child is on some of the ranks along an axis alone: `when(on(pp=0), child(Table, n))`.

    Without a mesh, in manifests and in checkpoints it is there.

    Args:
        at: for one axis the position of the ranks along it, or several as a tuple; -1 is the last.

    Returns:
        A condition for `when`.

    Raises:
        DeclarationError: something else is given.
    """
    if len(at) != 1:
        _misused(f"takes one axis, not {len(at)}")
    ((axis, given),) = at.items()
    positions = given if isinstance(given, tuple) else (given,)
    if not positions or not all(type(each) is int for each in positions):
        _misused(f"takes positions along the axis, numbers, not {axis}={render(given)}")
    return call("on", (axis, positions))


def _misused(problem: str) -> NoReturn:
    raise DeclarationError(message("", f"on(…) {problem}: write `on(pp=0)` or `on(pp=(0, -1))`", user_location()))
