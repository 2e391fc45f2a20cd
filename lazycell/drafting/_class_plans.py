"""The classes of a draft, as data: what each takes, what each has, and the arithmetic between."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs

from ._columns import Column, Place, Sizes
from ._formatted import Call, Literal
from ._initializer_text import initializer_code
from ._leaf_kinds import Leaf, Leaves
from ._name_tree import Branch
from ._patterns_of_cells import ClassShape, LeafShape, ListShape, RowShape, Shape, Shapes
from ._python_names import Code, attribute_name, class_name, harmless_path, literal
from ._roles import fused_text

_DRAWN = {(kind, "initializer"): '"he_uniform"' for kind in ("Linear", "Dense", "Conv1d", "Conv2d", "Conv3d")}
"""What the known layers draw by themselves; biases are zeros."""

_HAVE_EPS = ("LayerNorm", "RMSNorm")


@attrs.define(eq=False)
class Hyper:
    """An argument of a class: what differs between those that the checkpoint has.

    Attributes:
        name: as the class calls it.
        column: for each branch of the class its value.
        place: of the layer that takes it in the end.
        default: what it is where nobody gives it; None: it has to be given.
    """

    name: str
    column: Column
    place: Place
    default: str | None = None


@attrs.define
class Line:
    """One declaration.

    Attributes:
        name: the attribute.
        stored: what the checkpoint calls it.
        annotation: as written.
        value: what is assigned.
        comments: what stands above it.
    """

    name: str
    stored: str
    annotation: str
    value: Call | str
    comments: list[str] = attrs.field(factory=list)
    is_tensor: bool = False


@attrs.define(eq=False)
class Plan:
    """One class."""

    name: str
    branches: list[Branch]
    leftovers: list[str]
    hypers: list[Hyper] = attrs.field(factory=list)
    lines: list[Line] = attrs.field(factory=list)
    attributes: dict[str, str] = attrs.field(factory=dict)
    uses_config: bool = False

    _places: dict[int, int] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._places = {id(branch): number for number, branch in enumerate(self.branches)}

    def value_of(self, hyper: Hyper, branch: Branch) -> Any:
        """Give the value of an argument for one of the branches."""
        return hyper.column[self._places[id(branch)]]


class Planner:
    """Makes the plans of all classes below a root, inner ones first."""

    def __init__(self, shapes: Shapes, root: ClassShape, sizes: Sizes, name: str, dtypes: Sequence[str]) -> None:
        self._shapes, self._sizes, self._dtypes = shapes, sizes, dtypes
        self._leaves: Leaves = shapes.leaves
        self.plans: dict[Any, Plan] = {}
        self.kinds: set[str] = set()
        self._pools: dict[Any, list[ClassShape]] = {}
        for shape in _classes_in(root):
            self._pools.setdefault(shape.key, []).append(shape)
        self._attributes: set[str] = {
            each for pool in self._pools.values() for shape in pool for each in {**shape.members, **shape.tensors}
        }
        self._taken = {name, *self._attributes}
        self.root = self._plan(root.key, name)

    def _plan(self, key: Any, name: str = "") -> Plan:
        if key in self.plans:
            return self.plans[key]
        pool = self._pools[key]
        branches = [branch for shape in pool for branch in shape.branches]
        leftovers = [*dict.fromkeys(each for shape in pool for each in shape.leftovers)]
        plan = Plan(name or class_name(branches[0].path, self._taken), branches, leftovers)
        self.plans[key] = plan
        tensors = {each for shape in pool for each in shape.tensors}
        # A file may have both `bias` and `bias.weight`.
        cells = [f"{each}." if each in tensors else each for shape in pool for each in shape.members]
        for stored in dict.fromkeys([*(each for shape in pool for each in shape.tensors), *cells]):
            name = attribute_name(stored.removesuffix("."))
            while name in plan.attributes.values():
                name += "_"
            plan.attributes[stored] = name
        self._sizes.enter(plan, {*plan.attributes.values()})
        for stored in dict.fromkeys(each for shape in pool for each in shape.tensors):
            plan.lines.append(self._tensor(plan, stored))
        for stored in dict.fromkeys(each for shape in pool for each in shape.members):
            options = {shape.key: shape for each in pool for shape in each.members.get(stored, ())}
            plan.lines.append(self._member(plan, stored, [*options.values()]))
        del self.plans[key]
        self.plans[key] = plan  # behind those that it is made of
        return plan

    def leaf_of(self, branch: Branch) -> Leaf | None:
        """Give the known layer that a branch is, if it is one."""
        return self._leaves.of(branch)

    def spelled(self, kind: str) -> str:
        """Give the name of a known layer in this file: that of its class, unless an attribute is called so."""
        return f"{kind}Layer" if kind in self._attributes else kind

    # --------------------------------------------------------------------------------------------------- what is in it

    def _tensor(self, plan: Plan, stored: str) -> Line:
        found = [branch.tensors.get(stored) for branch in plan.branches]
        first = next(each for each in found if each is not None)
        notes: list[str] = []
        sizes = []
        for axis in range(len(first.shape)):
            argument = f"{plan.attributes[stored]}_{axis}" if len(first.shape) > 1 else "width"
            place = Place("", argument, _below(plan.branches[0], stored))
            column = [None if each is None else each.shape[axis] for each in found]
            sizes.append(self._sizes.said(plan, column, place, notes))
        shape = Literal("()", [("", size) for size in sizes])
        values = "ones" if stored in ("weight", "gamma", "running_var") and len(sizes) == 1 else "normal"
        values = (
            "zeros" if "bias" in stored or stored in ("beta", "running_mean") or "float" not in first.dtype else values
        )
        kept = "float" not in first.dtype or stored.startswith("running_") or not first.trainable
        said = literal(values)
        if first.initializer:
            usual = Code(said)
            codes = [None if each is None else initializer_code(each.initializer) or usual for each in found]
            place = Place("", f"{plan.attributes[stored]}_initializer", _below(plan.branches[0], stored))
            said = self._sizes.said(plan, codes, place, notes)
            if any(each is not None and initializer_code(each.initializer) is None for each in found):
                notes.append(f"its values are computed: {harmless_path(first.initializer)}")
        dtype = [] if first.dtype in self._dtypes else [literal(first.dtype)]
        value: Call = Call("buffer" if kept else "param", [said, shape, *dtype])
        name = plan.attributes[stored]
        joined = fused_text("", _below(plan.branches[0], stored))
        notes += [joined] if joined else []
        present = [[each is not None] for each in found]
        where = Place("presence", f"has_{name}", _below(plan.branches[0], stored))
        return self._line(
            plan, stored, "Tensor" if kept else "Parameter", value, present, where, notes, name=name, is_tensor=True
        )

    def _member(self, plan: Plan, stored: str, options: list[Shape]) -> Line:
        notes: list[str] = []
        name = plan.attributes.get(f"{stored}.", plan.attributes.get(stored, stored))
        column: list[list[Branch | None]] = [[branch.below.get(stored)] for branch in plan.branches]
        value, annotation = self._value(plan, column, options, notes, indexed=False)
        present = [[each is not None for each in some] for some in column]
        path = _below(plan.branches[0], stored)
        where = Place("presence", f"has_{name}", path)
        return self._line(plan, stored, annotation, value, present, where, notes, name=name)

    def _line(
        self,
        plan: Plan,
        stored: str,
        annotation: str,
        value: Call | str,
        present: list[list[bool]],
        where: Place,
        notes: list[str],
        *,
        name: str,
        is_tensor: bool = False,
    ) -> Line:
        if not all(each for some in present for each in some):
            condition = self._sizes.truth(plan, present, where, notes, indexed=False)
            value = Call("when", [condition, value])
            annotation = annotation if annotation == "Any" else f"{annotation} | None"
        return Line(name, stored, annotation, value, notes, is_tensor)

    def _value(
        self, plan: Plan, column: list[list[Branch | None]], options: list[Shape], notes: list[str], *, indexed: bool
    ) -> tuple[Call, str]:
        """Say what is in a place, and its type; `column` has, for each branch of the class, the branches there."""
        first, *others = options
        if not others:
            return self._single(plan, column, first, notes, indexed=indexed)
        keys = self._shapes.keys
        mine = [
            [each if each is not None and keys[id(each)] == first.key else None for each in some] for some in column
        ]
        rest = [
            [each if each is not None and keys[id(each)] != first.key else None for each in some] for some in column
        ]
        is_first = [[each is None or keys[id(each)] == first.key for each in some] for some in column]
        path = next(each.path for some in column for each in some if each is not None)
        condition = self._sizes.truth(plan, is_first, Place("presence", "is_first", path), notes, indexed=indexed)
        one, _ = self._single(plan, mine, first, notes, indexed=indexed)
        other, _ = self._value(plan, rest, others, notes, indexed=indexed)
        holds_row = any(isinstance(each, RowShape | ListShape) for each in options)
        return Call("when", [condition, one], {"otherwise": other}), "list[Any]" if holds_row else "Any"

    def _single(
        self, plan: Plan, column: list[list[Branch | None]], shape: Shape, notes: list[str], *, indexed: bool
    ) -> tuple[Call, str]:
        path = next(each.path for some in column for each in some if each is not None)
        match shape:
            case LeafShape():
                return self._leaf(plan, column, shape, notes, path, indexed=indexed), self.spelled(shape.kind.name)
            case ClassShape():
                return self._class(plan, column, shape, notes, indexed=indexed)
            case ListShape():
                counts: Column = [None if some[0] is None else len(some[0].below) for some in column]
                count = self._sizes.said(plan, counts, Place("children", "count", path), notes)
                inside = [_inside(some[0]) for some in column]
                element, annotation = self._value(plan, inside, shape.element, notes, indexed=True)
                if element.name == "child":
                    return Call("children", [count, *element.arguments], element.named), f"list[{annotation}]"
                return Call("children", [count, element], {}), "list[Any]"
            case RowShape():
                return self._row(plan, column, shape, notes), "list[Any]"
        raise AssertionError(shape)

    def _leaf(
        self,
        plan: Plan,
        column: list[list[Branch | None]],
        shape: LeafShape,
        notes: list[str],
        path: str,
        *,
        indexed: bool,
    ) -> Call:
        kind = shape.kind
        self.kinds.add(kind.name)
        leaves = [[None if each is None else self._leaves.of(each) for each in some] for some in column]
        names = next(each.arguments for some in leaves for each in some if each is not None)
        call = Call("child", [self.spelled(kind.name)])
        for name in names:
            values = [[None if each is None else each.arguments[name] for each in some] for some in leaves]
            place = Place(kind.name, name, path)
            if name.endswith("initializer"):
                said = self._sizes.each(plan, values, place, notes, indexed=indexed)
                if said != _DRAWN.get((kind.name, name), '"zeros"'):
                    call.named[name] = said
            elif name == "use_bias":
                said = self._sizes.truth(plan, values, place, notes, indexed=indexed)
                if said != "True":
                    call.named[name] = said
            else:
                call.arguments.append(self._sizes.each(plan, values, place, notes, indexed=indexed))
        eps = self._sizes.eps_key() if kind.name in _HAVE_EPS else None
        if eps is not None:
            call.arguments.append(f"@{eps}@")
            plan.uses_config = True
        if kind.dtype not in self._dtypes:
            call.named["dtype"] = literal(kind.dtype)
        joined = fused_text(kind.name, path)
        if joined:
            notes.append(joined)
        return call

    def _class(
        self, plan: Plan, column: list[list[Branch | None]], shape: ClassShape, notes: list[str], *, indexed: bool
    ) -> tuple[Call, str]:
        inner = self._plan(shape.key)
        plan.uses_config = plan.uses_config or inner.uses_config
        call = Call("child", [inner.name, *(["@@"] if inner.uses_config else [])])
        here = next(each.path for some in column for each in some if each is not None)
        for hyper in inner.hypers:
            if hyper.default is None:
                place = attrs.evolve(hyper.place, path=here + hyper.place.path.removeprefix(inner.branches[0].path))
                values = [[None if each is None else inner.value_of(hyper, each) for each in some] for some in column]
                flag = all(value is None or type(value) is bool for some in values for value in some)
                said = (self._sizes.truth if flag else self._sizes.each)(plan, values, place, notes, indexed=indexed)
                call.named[hyper.name] = said
        return call, inner.name

    def _row(self, plan: Plan, column: list[list[Branch | None]], shape: RowShape, notes: list[str]) -> Call:
        parts: list[Any] = []
        for position, options in enumerate(shape.parts):
            there = [[None if some[0] is None else some[0].below.get(str(position))] for some in column]
            if not options:
                parts.append(Call("child", ["nn.Identity"]))
                continue
            part, _ = self._value(plan, there, options, notes, indexed=False)
            present = [[some[0] is None or each[0] is not None] for some, each in zip(column, there, strict=True)]
            if not all(each for some in present for each in some):
                where = Place("presence", f"has_{position}", options[0].branches[0].path)
                condition = self._sizes.truth(plan, present, where, notes, indexed=False)
                part = Call("when", [condition, part])
            parts.append(part)
        return Call("cells", parts)


def _inside(branch: Branch | None) -> list[Branch | None]:
    return [] if branch is None else [branch.below[str(position)] for position in branch.positions]


def _below(branch: Branch, name: str) -> str:
    return f"{branch.path}.{name}".lstrip(".")


def _classes_in(shape: Shape) -> Iterator[ClassShape]:
    inner: Mapping[str, list[Shape]] | list[list[Shape]]
    match shape:
        case ClassShape():
            yield shape
            inner = [*shape.members.values()]
        case ListShape():
            inner = [shape.element]
        case RowShape():
            inner = shape.parts
        case _:
            inner = []
    for options in inner:
        for each in options:
            yield from _classes_in(each)
