"""The namespace in which a LazyCell's class body runs: it hands out symbols and remembers what was said where."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from types import FrameType
from typing import Any

import attrs

from ._declare import Declared, Requirement
from ._errors import DeclarationError, UnknownNameError
from ._location import Location, did_you_mean, frame_location, message
from ._symbols import is_symbolic, symbol


class _Annotations(dict[str, Any]):
    """The body's `__annotations__`, which notes the line of each and refuses to be told twice."""

    def __init__(self, body: ClassBody) -> None:
        super().__init__()
        self._body = body

    def __setitem__(self, name: str, annotation: Any) -> None:
        location = frame_location(sys._getframe(1))
        if name in self:
            first = self._body.locations[name]
            raise DeclarationError(
                message(
                    f"{self._body.class_name}.{name}",
                    f"declared twice in one class body, first in line {first.line}: rename one of them",
                    location,
                )
            )
        self._body.locations[name] = location
        super().__setitem__(name, annotation)


class ClassBody(dict[str, Any]):
    """What `__prepare__` returns: a name that is a hyperparameter or a derived value reads as its symbol.

    Args:
        class_name: name of the class being defined.
        inherited: names of the hyperparameters and derived values of its bases.
        outer: the frame that holds the `class` statement, for annotations that are strings.
    """

    def __init__(self, class_name: str, inherited: Iterable[str], outer: FrameType) -> None:
        super().__init__()
        self.class_name = class_name
        self.inherited = frozenset(inherited)
        self.globals: Mapping[str, Any] = outer.f_globals
        self.outer_names: Mapping[str, Any] = {} if outer.f_locals is outer.f_globals else dict(outer.f_locals)
        self.locations: dict[str, Location] = {}
        self.requirements: list[Requirement] = []
        super().__setitem__("__annotations__", _Annotations(self))

    @property
    def annotations(self) -> dict[str, Any]:
        """The annotations so far, as written: strings under `from __future__ import annotations`."""
        return dict.__getitem__(self, "__annotations__")  # type: ignore[no-any-return]

    def __setitem__(self, name: str, value: Any) -> None:
        if not name.startswith("__"):
            frame = sys._getframe(1)
            self.locations.setdefault(name, frame_location(frame))
            if isinstance(dict.get(self, name), Declared):
                raise DeclarationError(
                    message(
                        f"{self.class_name}.{name}",
                        f"declared twice in one class body, first in line {self.locations[name].line}: "
                        "rename one of them",
                        frame_location(frame),
                    )
                )
        super().__setitem__(name, value)

    def __getitem__(self, name: str) -> Any:
        if name.startswith("__"):
            return super().__getitem__(name)
        if dict.__contains__(self, name):
            value = super().__getitem__(name)
            # A default or a formula is not the value: the name stands for whatever an instance is given.
            stands_for_symbol = is_symbolic(value) or name in self._hyperparameters_so_far()
            return symbol(name) if stands_for_symbol else value
        if name in self.annotations or name in self.inherited:
            return symbol(name)
        frame = sys._getframe(1)
        if name in frame.f_globals or name in frame.f_builtins or name in frame.f_code.co_freevars:
            raise KeyError(name)  # Python goes on to look there
        raise UnknownNameError(
            message(
                self.class_name,
                f"`{name}` is not a name that this class body knows at this point"
                + did_you_mean(name, [*self.annotations, *self.symbols(), *frame.f_globals]),
                frame_location(frame),
            )
        )

    def _hyperparameters_so_far(self) -> set[str]:
        return {name for name, annotation in self.annotations.items() if not is_class_variable(annotation)}

    def symbols(self) -> set[str]:
        """Give the names that stand for symbols at this point."""
        derived = {name for name, value in self.items() if not name.startswith("__") and is_symbolic(value)}
        return self._hyperparameters_so_far() | derived | self.inherited


def is_class_variable(annotation: Any) -> bool:
    """Tell whether an annotation, perhaps still a string, is `ClassVar` or `ClassVar[…]`."""
    text = annotation if isinstance(annotation, str) else repr(annotation)
    return text.split("[")[0].split(".")[-1].strip() == "ClassVar"


def require(condition: Any, text: str) -> None:
    """State, in a class body, what the hyperparameters must meet: `require(hidden % heads == 0, "…")`.

    It is checked when an instance is built, before anything else is; RequirementError carries `text` and the values.

    Args:
        condition: an expression of hyperparameters.
        text: what to tell someone whose values do not meet it.
    """
    frame = sys._getframe(1)
    body = frame.f_locals
    if not isinstance(body, ClassBody):
        raise DeclarationError(
            message(
                "",
                "require(condition, message) belongs in the body of a LazyCell class: "
                "write an `if` and a `raise` elsewhere",
                frame_location(frame),
            )
        )
    body.requirements.append(
        Requirement(
            owner=body.class_name, name="require", condition=condition, text=text, location=frame_location(frame)
        )
    )


@attrs.frozen
class Said:
    """One name of a class body, once the body has run: annotation (or None), value (or NOTHING), place."""

    name: str
    annotation: Any
    value: Any
    location: Location | None


def what_was_said(body: ClassBody) -> list[Said]:
    """List the names of a class body in order of first appearance, methods and dunders included."""
    names = dict.fromkeys([*body.locations, *body.annotations, *body])
    return [
        Said(name, body.annotations.get(name), body.get(name, attrs.NOTHING), body.locations.get(name))
        for name in names
    ]
