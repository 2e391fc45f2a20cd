"""What a hyperparameter can be by its declaration: its type, its default, its validator."""

from __future__ import annotations

import enum
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any

import attrs

from ..declaration import NOTHING, Hyperparameter, evaluate, is_symbolic
from ..manifest import convert
from ._domain import ANYTHING, NATURAL, TRUTH, UNBOUNDED, Domain, exactly, union

Hyperparameters = Mapping[str, Hyperparameter]

_NO_NUMBER = Domain((), None)
_NAMED = {"int": int, "bool": bool, "float": float, "str": str, "None": None}


def is_plain(value: Any) -> bool:
    """Tell whether the solver can hold a value; into others the walk looks as they are."""
    if type(value) is tuple:
        return all(map(is_plain, value))
    return value is None or isinstance(value, (bool, int, float, str))


def is_truth(item: Hyperparameter) -> bool:
    """Tell whether a hyperparameter is True or False."""
    return item.type in (bool, "bool") or isinstance(item.default, bool)


def domain_of(item: Hyperparameter) -> Domain:
    """Give what a hyperparameter can be. Sizes and counts are 0 or more."""
    options = getattr(item.validator, "options", None)  # of attrs' in_
    if isinstance(options, (list, tuple, set, frozenset)) and options:
        return union([exactly(each) for each in options])
    domain = _domain_of_type(item.type)
    default = item.default
    if default is NOTHING or is_symbolic(default) or domain.holds(default):
        return domain
    if isinstance(default, int):  # `shift: int = -1` says that there is something below 0
        return Domain(range(-UNBOUNDED // 2, UNBOUNDED // 2), domain.others)
    return union([domain, exactly(default) if is_plain(default) else ANYTHING])


def domain_of_path(path: str, hyperparameters: Hyperparameters) -> Domain:
    """Give what `kernel[0]` or `config.hidden` can be: a whole number, where the type of `kernel` says so."""
    if path.startswith("len_("):
        return NATURAL
    item = hyperparameters.get(root_of(path))
    if item is not None and "[" in path:
        row = item.default if isinstance(item.default, (tuple, list)) and not is_symbolic(item.default) else ()
        kinds = typing.get_args(item.type) or tuple(map(type, row))
        if kinds and all(kind in (int, ...) for kind in kinds):
            return NATURAL
    return attrs.evolve(NATURAL, others=None)


def root_of(path: str) -> str:
    """Give the hyperparameter that `config.hidden`, `kernel[0]` or `len_(kernel)` says something of."""
    path = path.removeprefix("len_(").rstrip(")")
    return path.partition(".")[0].partition("[")[0]


def _domain_of_type(kind: Any) -> Domain:
    if isinstance(kind, str):
        return union([_domain_of_type(_NAMED.get(part.strip(), Any)) for part in kind.split("|")])
    if kind is int:
        return NATURAL
    if kind is bool:
        return TRUTH
    if kind is None or kind is type(None):
        return exactly(None)
    if kind is str:
        return _NO_NUMBER
    if kind is float:
        return ANYTHING
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return union([exactly(each) for each in kind])
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return union([_domain_of_type(part) for part in arguments])
    if origin is typing.Literal:
        return union([exactly(each) for each in arguments])
    if (origin or kind) in (tuple, list):
        return _NO_NUMBER
    return attrs.evolve(NATURAL, others=None)


def accepts_of(hyperparameters: Hyperparameters) -> Callable[[str, Mapping[str, Any], Any], bool]:
    """Make the test whether a value passes the validators of a hyperparameter."""

    def accepts(name: str, known: Mapping[str, Any], value: Any) -> bool:
        item = hyperparameters.get(name)
        validators = item.validator if item is not None else None
        for validator in validators if isinstance(validators, (list, tuple)) else [validators]:
            if validator is None:
                continue
            try:
                validator(types.SimpleNamespace(**known), item, value)
            except AttributeError:  # it looks at another hyperparameter, which is not known
                continue
            except Exception:
                return False
        return True

    return accepts


def given_of(item: Hyperparameter, value: Any) -> Any:
    """Give what a hyperparameter is where `value` is given for it."""
    return convert(item, value, types.SimpleNamespace())


def default_of(item: Hyperparameter, values: Mapping[str, Any]) -> Any:
    """Give the value of a default, or attrs' NOTHING where there is none or it cannot be computed from `values`."""
    default = item.default
    if default is NOTHING:
        return NOTHING
    known = types.SimpleNamespace(**values)
    try:
        if isinstance(default, attrs.Factory):  # type: ignore[arg-type]
            return convert(item, default.factory(known) if default.takes_self else default.factory(), known)
        return convert(item, evaluate(default, values), known)
    except Exception:  # it depends on what is not known, or is refused
        return NOTHING


def attempt(value: Any, values: Mapping[str, Any]) -> Any:
    """Evaluate an expression, or give attrs' NOTHING where that is not possible."""
    try:
        return evaluate(value, values)
    except Exception:
        return NOTHING
