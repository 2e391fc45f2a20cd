"""How a class's parameters are stored in checkpoints: what `rename`, `fused`, `transposed`, `reshaped` declare."""

from __future__ import annotations

import numbers
import sys
from collections.abc import Mapping
from typing import Any, overload

from .._errors import DeclarationError
from .._location import frame_location, message
from ._check_form import StoredForm, check_inner, is_axis, is_form, refuse
from ._class_body import ClassBody
from ._declare import Shape
from ._each import Each
from ._forms import Fused, Node, Reshaped, Transposed, form_text
from ._padded import Padded
from ._parse import parse_shape
from ._stored_rule import StoredRule
from ._symbols import Expression, add_sections, render
from ._unused import Leftover


def rename(rules: Mapping[str, StoredForm | Leftover | None]) -> None:
    """State, in a class body, how checkpoints name and store what is below this cell.

    `rename({"q_proj.weight": "qkv[q]", "c_proj.weight": transposed("out.weight"), "mlp.{*rest}": "ffn.{*rest}"})`:
    each stored name with the model's name, or with a form of names. Both are relative to the cell and may have
    captures: `{i}` stands for one dotted segment, `{*rest}` for several. The rules of a class add to those of its
    bases; None takes one back. The model's names are those that the rules of the cells below give.

    `rename({"{*path}.masked_bias": UNUSED, "{*path}.gamma": former("{*path}.weight")})` says what files carry that the
    model does not need, and what they have under a name of former days. Neither is ever written.

    Args:
        rules: from stored names to what they hold.

    Raises:
        DeclarationError: this stands outside of a class body; a rule is no such rule; or a name has two in one body.
            Rules that cannot be carried out, or not back, are told when an instance is built, by the same.
    """
    frame = sys._getframe(1)
    body = frame.f_locals
    place = frame_location(frame)
    if not isinstance(body, ClassBody):
        text = "rename({…}) belongs in the body of a LazyCell class: give a load its own rules as the argument `rename`"
        raise DeclarationError(message("", text, place))
    subject = f"{body.class_name}: rename"
    if not isinstance(rules, Mapping):
        text = f'it takes a mapping, not {render(rules)}: write `rename({{"c_proj.weight": "out.weight"}})`'
        raise DeclarationError(message(subject, text, place))
    for name, form in rules.items():
        if not isinstance(name, str) or not name:
            raise DeclarationError(message(subject, f"a stored name is a string, not {render(name)}", place))
        if name in body.stored:
            raise DeclarationError(message(subject, f'"{name}" is stored twice: join the two rules into one', place))
        if form is not None and not is_form(form) and not isinstance(form, Leftover):
            text = f'"{name}": {render(form)} is not a name: write "out.weight", `transposed("out.weight")`, or None'
            raise DeclarationError(message(subject, text, place))
        if isinstance(form, Each):
            text = f'"{name}": {form_text(form)} is many tensors: write `fused({form_text(form)})` to store them as one'
            raise DeclarationError(message(subject, text, place))
        body.stored[name] = StoredRule(owner=body.class_name, name=name, form=form, location=place)


@overload
def fused(**sections: int) -> int: ...
@overload
def fused(*parts: Each, axis: int = 0, **sections: StoredForm) -> Fused: ...
def fused(*parts: Any, axis: Any = None, **sections: Any) -> Any:
    """Join several sections, in this order, as they are stored.

    Of sizes it gives a dimension, the sum, for the shape of a parameter that `rename` can then address by section:
    `qkv: Param["normal", (fused(q=heads * dim, k=kv_heads * dim, v=kv_heads * dim), hidden)]`. Of names it gives a form
    for `rename`: `rename({"qkv.weight": fused(q="q.weight", k="k.weight", v="v.weight")})`.

    Args:
        parts: `each("experts.{i}.up.weight")`: as many sections as there are of these; they come first.
        axis: of names: the axis along which they are joined, counted from 0.
        sections: two or more, all of them sizes, or all of them names and forms; with `each(…)` any number.

    Returns:
        Of sizes a symbol for their sum; of names the form, to be used in `rename`.

    Raises:
        DeclarationError: sections are no sizes and no names, or some of each; there are fewer than two; or `axis` is
            none.
    """
    written = f"fused({', '.join([*map(_text, parts), *(f'{name}={_text(part)}' for name, part in sections.items())])})"
    for part in parts:
        if not isinstance(part, Each):
            refuse(
                f"`{_text(part)}` in fused() has no name",
                '`fused(q=…, k=…)`, or `fused(each("experts.{i}.up.weight"))`',
            )
    for name, part in sections.items():
        if isinstance(part, Each):
            refuse(f"`{name}={_text(part)}` in fused() is many sections, with no one name", f"`fused({_text(part)})`")
    if len(parts) > 1:
        refuse("two `each(…)` in one fused() are counted apart", "`fused(each(fused(a=…, b=…)))` for pairs")
    if parts and all(map(is_form, sections.values())):
        if axis is not None and not is_axis(axis):
            refuse(f"axis={render(axis)} is not an axis counted from 0", f"`{written[:-1]}, axis=1)`")
        return Fused(axis or 0, (*(("", part) for part in parts), *sections.items()))
    if len(sections) < 2:
        refuse(f"`{written}` joins nothing", "`fused(q=…, k=…, v=…)`, with two sections or more")
    if all(map(is_form, sections.values())):
        if axis is not None and not is_axis(axis):
            refuse(f"axis={render(axis)} is not an axis counted from 0", f"`{written[:-1]}, axis=1)`")
        return Fused(axis or 0, tuple(sections.items()))
    for name, part in sections.items():
        if not (isinstance(part, (Expression, numbers.Integral)) and not isinstance(part, bool)):
            text = form_text(part) if is_form(part) else render(part)
            refuse(
                f"`{name}={text}` in fused() does not go with the others",
                "sizes for all sections of a dimension, or names for all sections of a stored tensor",
            )
    if axis is not None:
        refuse("a dimension has no axis, and no section can be named `axis`", f"`{written}`")
    return add_sections(tuple(sections.items()))


def _text(part: Any) -> str:
    return form_text(part) if isinstance(part, Node) else render(part)


def transposed(inner: StoredForm, axes: tuple[int, ...] | None = None) -> Transposed:
    """Give the form of a tensor that is stored with its axes in another order: `transposed("out.weight")`.

    Args:
        inner: a name or a form.
        axes: axis i of the stored tensor is axis `axes[i]` of `inner`; default: the reverse order.

    Returns:
        The form, to be used in `rename`.

    Raises:
        DeclarationError: `inner` is neither a name nor a form, or `axes` does not name each axis once.
    """
    check_inner("transposed", inner)
    if axes is not None:
        given, axes = axes, tuple(axes) if isinstance(axes, (tuple, list)) else ()
        if not axes or not all(map(is_axis, axes)) or sorted(axes) != list(range(len(axes))):
            refuse(f"axes={given} does not name each axis once", "a permutation, as in `axes=(1, 0, 2)`")
    return Transposed(inner, axes)


def reshaped(inner: StoredForm, shape: Shape) -> Reshaped:
    """Give the form of a tensor that is stored in another shape, its elements in the same order.

    Args:
        inner: a name or a form.
        shape: the stored tensor's, of ints and expressions, as for `param`.

    Returns:
        The form, to be used in `rename`.

    Raises:
        DeclarationError: `inner` is neither a name nor a form, or the shape is no tuple, or has a negative size.
    """
    check_inner("reshaped", inner)
    if isinstance(shape, str):
        shape = parse_shape(shape)
    if not isinstance(shape, (tuple, list)):
        refuse(f"the shape `{render(shape)}` is not a tuple", f"`({render(shape)},)`")
    for size in shape:
        if isinstance(size, int) and size < 0:
            refuse(f"the shape `{render(tuple(shape))}` has a negative size", "what is stored: a shape has no -1 here")
    return Reshaped(inner, tuple(shape))


def padded(inner: StoredForm, axis: int = 0, *, before: int = 0, after: int = 0) -> Padded:
    """Give the form of a tensor of which a parameter is a slice: `padded("positions.weight", before=2)`.

    So files have a vocabulary that was filled up to a multiple of 64, or positions that count from 2. What is around
    the parameter is passed over in a load, and written as zeros.

    Args:
        inner: a name or a form.
        axis: along which the stored tensor has more, counted from 0.
        before: how many positions it has before those of `inner`; may be symbolic.
        after: how many after them; likewise.

    Returns:
        The form, to be used in `rename`.

    Raises:
        DeclarationError: `inner` is neither a name nor a form, `axis` is none, or nothing would be added.
    """
    check_inner("padded", inner)
    if not is_axis(axis):
        refuse(f"axis={axis!r} in padded() is not an axis counted from 0", '`padded("embed.weight", axis=1, after=8)`')
    for size in (before, after):
        if not isinstance(size, Expression) and not is_axis(size):
            refuse(f"{render(size)} in padded() is not a number of positions", '`padded("embed.weight", after=47)`')
    if not any(isinstance(size, Expression) or size for size in (before, after)):
        refuse("padded() adds nothing", '`padded("embed.weight", after=47)`')
    return Padded(inner, axis, before, after)
