"""Swapping parts of a net that is built: children, by pattern, for others that are made of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from mindspore import nn

from .._collector import collector_paused
from ..declaration import declaration_of_child
from ..parameters import building, cells_of, expect_first_call, framework_dtype, mesh_of
from . import _ranks
from ._build import hand_down, inside_another, is_built
from ._choice import check_patterns, choose
from ._full_names import common_prefix, name_all, names_kept_on_failure

if TYPE_CHECKING:
    from .._nn_cell import Cell


def swap(net: Cell, pattern: str | list[str], factory: Callable[..., Cell], **arguments: Any) -> list[str]:
    """Replace the children whose paths match: each by `factory(child, **arguments)`, as if it had been declared so.

    Its parameters have no values until a checkpoint or an initializer gives them some, and their full names, by which
    they are drawn, saved and listed; a part of the old child that the new one keeps has its values still. All are made
    before the first is replaced: if one fails, the net is as it was.

    An optimizer knows the parameters that it was made with: swap first.

    Args:
        net: any cell.
        pattern: of paths of cells (`fnmatch`: `*` is any text, dots included), or a list of such: `"*.q_proj"`. Of
            cells one inside another, the outer is replaced.
        factory: a LazyCell or any other function that makes a cell; its first argument is the child. A LazyCell below
            one gets its dtype, as a declared child does, unless `arguments` have one.
        arguments: further ones.

    Returns:
        The paths of what was replaced.

    Raises:
        TypeError: `net` is no cell, a pattern no string, or `factory` makes something else than a cell.
        ValueError: a pattern matches no child; or the net was built on a mesh, and what a cell is swapped for has other
            parameters: nobody could tell what the other ranks have of them.
    """
    if not isinstance(net, nn.Cell):
        raise TypeError(f"swap() takes a cell, a pattern and a function, not {net!r:.80}")
    if not callable(factory):
        raise TypeError(f"swap() takes a function that makes a cell of a child, not {factory!r:.80}")
    places = {place.path: place for place in _places(net)}
    patterns = check_patterns("pattern", [pattern] if isinstance(pattern, str) else pattern)
    parameters = {name: "a parameter, and children are swapped" for name, _ in net.parameters_and_names()}
    found = choose("swap", patterns, places, parameters, kind="child", instead=lambda _, name: name.rpartition(".")[0])
    with collector_paused():
        prefix = common_prefix(net)
        with names_kept_on_failure(net):  # a cell that takes a child renames its parameters
            made = _make_all([places[path] for path in _outermost(found)], factory, arguments)
        for place, new in made:
            place.put(new)
        for place, new in reversed(made):  # of what is at two places, the first has the say
            name_all(new, f"{prefix}{place.path}.")
    for _, cell in net.cells_and_names():
        expect_first_call(cell)
    return [place.path for place, _ in made]


class _Place:
    """Where a cell has a child."""

    def __init__(self, path: str, owner: nn.Cell, name: str, child: nn.Cell, declared: nn.Cell | None) -> None:
        self.path, self.owner, self.name, self.child = path, owner, name, child
        self.declared = declared  # the LazyCell that it is below

    def put(self, new: nn.Cell) -> None:
        """Have the owner use another child."""
        if isinstance(self.owner, (nn.CellList, nn.SequentialCell)):
            self.owner[list(cells_of(self.owner)).index(self.name)] = new
        elif isinstance(self.owner, nn.CellDict):
            self.owner[self.name] = new
        else:
            setattr(self.owner, self.name, new)


def _places(net: nn.Cell) -> Iterator[_Place]:
    """Walk all children, at all their places, in the net's order."""

    def walk(owner: nn.Cell, prefix: str, declared: nn.Cell | None, above: frozenset[int]) -> Iterator[_Place]:
        declared = owner if is_built(owner) else declared
        for name, child in cells_of(owner).items():
            if child is not None and id(child) not in above:
                path = prefix + name
                yield _Place(path, owner, name, child, declared)
                yield from walk(child, f"{path}.", declared, above | {id(child)})

    return walk(net, "", None, frozenset({id(net)}))


def _outermost(paths: list[str]) -> Iterator[str]:
    chosen = set(paths)
    for path in paths:
        parts = path.split(".")
        if not any(".".join(parts[:end]) in chosen for end in range(1, len(parts))):
            yield path


def _make_all(
    places: list[_Place], factory: Callable[..., nn.Cell], arguments: Mapping[str, Any]
) -> list[tuple[_Place, nn.Cell]]:
    made: dict[int, nn.Cell] = {}  # a child at two places stays one
    for place in places:
        if id(place.child) not in made:
            made[id(place.child)] = _make(place, factory, arguments)
    return [(place, made[id(place.child)]) for place in places]


def _make(place: _Place, factory: Callable[..., nn.Cell], arguments: Mapping[str, Any]) -> nn.Cell:
    keywords = dict(arguments)
    if place.declared is not None:
        declaration = declaration_of_child(factory)
        if declaration is not None and declaration.takes_dtype:
            keywords.setdefault("dtype", place.declared.__dict__["_lazycell_dtype"])
    mesh = mesh_of(place.child if place.declared is None else place.declared)
    with ExitStack() as inside:
        if mesh is not None:
            inside.enter_context(mesh)
        if place.declared is not None:
            inside.enter_context(building())
            if mesh is not None:
                inside.enter_context(inside_another())
        new = factory(place.child, **keywords)
    if not isinstance(new, nn.Cell):
        made_by = getattr(factory, "__name__", f"{factory!r:.80}")
        raise TypeError(f"swap: {made_by} made {new!r:.80} of `{place.path}`: a child has to be an nn.Cell")
    if place.declared is not None and mesh is not None:
        _ranks.refuse_other_parameters(place.path, place.child, new, mesh)
    if place.declared is not None and declaration_of_child(factory) is None and "dtype" not in arguments:
        kept = set(map(id, place.child.get_parameters()))
        hand_down(new, framework_dtype(place.declared.__dict__["_lazycell_dtype"]), kept)
    return new
