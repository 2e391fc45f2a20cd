"""The namespace in which a LazyCell's class body runs: it hands out symbols and remembers what was said where."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable, Mapping
from types import FrameType
from typing import Any, NoReturn

from .._errors import DeclarationError, UnknownNameError
from .._frozen import frozen
from .._location import Location, did_you_mean, frame_location, message, user_location
from ._conditions import check_condition
from ._declare import NOTHING, CacheSpec, Conditional, Declared, Hyperparameter, Requirement
from ._stored_rule import StoredRule
from ._symbols import Expression, is_symbolic, refuse_identity, refuse_isinstance, symbol
from ._unasked import identity_asked


class _Annotations(dict[str, Any]):
    """The body's `__annotations__`, which notes the line of each and refuses to be told twice."""

    def __init__(self, body: ClassBody) -> None:
        super().__init__()
        self._body = body

    def __setitem__(self, name: str, annotation: Any) -> None:
        if name in self or self._body.defines(name, dict.get(self._body, name)):
            self._body.refuse_second(name)
        self._body.note(name)
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
        self.outer_names = _names_around(outer)
        self.locations: dict[str, Location | None] = {}
        self._first_lines: dict[str, int] = {}
        self.requirements: list[Requirement] = []
        self.unnamed: list[Declared] = []
        self.stored: dict[str, StoredRule] = {}
        self.divisions: dict[str, Any] = {}
        self.undivided: list[str] = []
        super().__setitem__("__annotations__", _Annotations(self))

    @property
    def annotations(self) -> dict[str, Any]:
        """The annotations so far, as written: strings under `from __future__ import annotations`."""
        return dict.__getitem__(self, "__annotations__")

    def __setitem__(self, name: str, value: Any) -> None:
        if not name.startswith("__"):
            declared = isinstance(dict.get(self, name), Declared)
            if declared or (name in self.annotations and self.defines(name, value)):
                self.refuse_second(name)
            self.note(name)
            self.unnamed = [each for each in self.unnamed if not _holds(value, each)]
        super().__setitem__(name, value)

    def note(self, name: str) -> None:
        """Note the line that is declaring `name`."""
        self.locations[name] = place = user_location()
        if place is not None:
            self._first_lines.setdefault(name, place.line)

    def check_finished(self) -> None:
        """Refuse a tie or a cache that was given no name: it would silently not be made."""
        for each in self.unnamed:
            call = "key_values = key_value_cache(…)" if isinstance(each, CacheSpec) else "tied = tie(…)"
            text = f"this {call.partition(' = ')[2]} has no name, so the class would not have it: write `{call}`"
            raise DeclarationError(message(self.class_name, text, each.location))

    def defines(self, name: str, value: Any) -> bool:
        """Tell whether `value` is a method or property that this body defines under `name`."""
        function = value.fget if isinstance(value, property) else getattr(value, "__func__", value)
        qualified_name = f"{dict.get(self, '__qualname__')}.{name}"
        return inspect.isfunction(function) and function.__qualname__ == qualified_name

    def refuse_second(self, name: str) -> NoReturn:
        """Refuse a second declaration of a name in one body, which would silently replace the first."""
        text = f"declared twice in one class body, first in line {self._first_lines[name]}: rename one of them"
        raise DeclarationError(message(f"{self.class_name}.{name}", text, user_location()))

    def __getitem__(self, name: str) -> Any:
        if name.startswith("__"):
            return super().__getitem__(name)
        # A default or a formula is not the value: the name stands for whatever an instance is given.
        value = dict.get(self, name, NOTHING)
        if self._is_symbol(name, value):
            found = symbol(name)
            frame = sys._getframe(1)
            if frame.f_locals is self:
                _check_use(found, frame)
            return found
        if value is not NOTHING:
            return value
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

    def symbols(self) -> list[str]:
        """Give the names that stand for symbols at this point."""
        names = dict.fromkeys([*self, *self.annotations, *sorted(self.inherited)])
        return [name for name in names if name[:2] != "__" and self._is_symbol(name, dict.get(self, name, NOTHING))]

    def _is_symbol(self, name: str, value: Any) -> bool:
        annotation = self.annotations.get(name)
        if annotation is not None and not is_class_variable(annotation):
            return True
        if value is NOTHING:
            return name in self.inherited
        return isinstance(value, Hyperparameter) or is_symbolic(value) or self.fixes(name, value)

    def fixes(self, name: str, value: Any) -> bool:
        """Tell whether a plain value takes the place of an inherited hyperparameter; `dtype` is one of every class."""
        plain = not (value is None or isinstance(value, (Declared, property, classmethod, staticmethod)))
        return plain and (name in self.inherited or name == "dtype") and not self.defines(name, value)


def _check_use(found: Expression, frame: FrameType) -> None:
    """Refuse a symbol where the class body, in `frame`, asks what no symbol hears."""
    asked = identity_asked(frame)
    if asked is not None:
        (refuse_identity if asked == "is" else refuse_isinstance)(found)


def _holds(value: Any, declared: Declared) -> bool:
    if isinstance(value, Conditional):
        return _holds(value.present, declared) or _holds(value.otherwise, declared)
    return value is declared or (isinstance(value, (list, tuple)) and any(each is declared for each in value))


def _names_around(outer: FrameType) -> dict[str, Any]:
    """Give the local names that a class body in the frame `outer` sees: those of a function, not of another class."""
    if outer.f_code.co_name.startswith("<generic parameters of") and outer.f_back:  # 3.12: `class A[T](LazyCell)`
        return {**_names_around(outer.f_back), **outer.f_locals}
    return dict(outer.f_locals) if outer.f_code.co_flags & inspect.CO_OPTIMIZED else {}


def is_class_variable(annotation: Any) -> bool:
    """Tell whether an annotation, perhaps still a string, perhaps quoted in it, is `ClassVar` or `ClassVar[…]`."""
    text = annotation if isinstance(annotation, str) else repr(annotation)
    return text.split("[")[0].split(".")[-1].strip(" '\"") == "ClassVar"


def require(condition: Any, text: str) -> None:
    """State, in a class body, what the hyperparameters must meet: `require(hidden % heads == 0, "…")`.

    It is checked when an instance is built, before anything else is; RequirementError carries `text` and the values.

    Args:
        condition: an expression of hyperparameters.
        text: what to tell someone whose values do not meet it.

    Raises:
        DeclarationError: this stands outside of a class body, or the condition is text, or a plain `bool`, which Python
            has decided already.
    """
    frame = sys._getframe(1)
    body = frame.f_locals
    if not isinstance(body, ClassBody):
        _misused("belongs in the body of a LazyCell class: write an `if` and a `raise` elsewhere", frame)
    if isinstance(condition, str):
        _misused('takes the condition as an expression, not as text: write `require(hidden > 0, "…")`', frame)
    check_condition(condition, "require")
    body.requirements.append(
        Requirement(
            owner=body.class_name, name="require", condition=condition, text=text, location=frame_location(frame)
        )
    )


def _misused(problem: str, frame: FrameType) -> NoReturn:
    raise DeclarationError(message("", f"require(condition, message) {problem}", frame_location(frame)))


@frozen
class Said:
    """One name of a class body, once the body has run: annotation (or None), value (or NOTHING), place."""

    name: str
    annotation: Any
    value: Any
    location: Location | None


def what_was_said(body: ClassBody) -> list[Said]:
    """List the names of a class body in order of first appearance, methods and dunders included."""
    names = dict.fromkeys(name for name in [*body.locations, *body] if name in body.annotations or name in body)
    return [Said(name, body.annotations.get(name), body.get(name, NOTHING), body.locations.get(name)) for name in names]
