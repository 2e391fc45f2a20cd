"""What a class and its bases say of ranks, joined: which of its values are divided, and along which axis."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .._errors import DeclarationError
from .._frozen import frozen
from .._location import did_you_mean, message
from ._declare import CellsSpec, ChildrenSpec, Conditional, Derived, Hyperparameter, Requirement
from ._divided import Source, divided
from ._symbols import Call, Expression, is_symbolic, names_in, operands_of


@frozen
class Divides:
    """How one hyperparameter, or derived value, is divided.

    Attributes:
        axis: along which ranks have parts of it.
        shared: whether several ranks have the same one where there are fewer than ranks.
        source: the class and the name; the value is not known yet.
    """

    axis: str
    shared: bool
    source: Source

    def of(self, value: Any) -> Any:
        """Give a value that is divided so.

        Raises:
            TypeError: it is no whole number.
        """
        return divided(value, self.axis, self.shared, self.source)


def divided_by(
    said: Mapping[str, Any],
    hyperparameters: Sequence[Hyperparameter],
    derived: Sequence[Derived],
    requirements: Iterable[Requirement],
    class_name: str,
) -> dict[str, Divides]:
    """Give how each value of a class is divided.

    Args:
        said: by `divide(…)` in the bodies of the class and of its bases.
        hyperparameters: of the class.
        derived: its derived values.
        requirements: what its hyperparameters have to meet.
        class_name: for messages.

    Raises:
        DeclarationError: a name is none of a value of the class.
    """
    formulas = {item.name: item.default for item in hyperparameters} | {item.name: item.value for item in derived}
    # A value that another one is computed from, or held against, cannot be left whole by itself.
    bound = {name for item in hyperparameters for name in names_in(item.default)}
    for requirement in requirements:
        bound |= names_in(requirement.condition)
    found = {}
    for name, each in said.items():
        if name not in formulas:
            text = f"divide({each.axis}={name}): `{name}` is no hyperparameter of it{did_you_mean(name, formulas)}"
            raise DeclarationError(message(class_name, text, each.location))
        alone = name not in bound and not names_in(formulas[name]) and not each.shared
        found[name] = Divides(each.axis, each.shared, Source(class_name, name, 0, alone))
    return found


def may_be_elsewhere(item: Any) -> bool:
    """Tell whether some ranks may lack what a declaration says: it is a list, or under `when(on(…), …)`."""
    match item:
        case Conditional():
            parts = (item.present, item.otherwise)
            return _asks_where(item.condition) or any(map(may_be_elsewhere, parts))
        case ChildrenSpec():
            return is_symbolic(item.count) or may_be_elsewhere(item.each)
        case CellsSpec():
            return any(may_be_elsewhere(part) for _, part in item.parts)
    return False


def _asks_where(condition: Any) -> bool:
    if not isinstance(condition, Expression):
        return False
    node = condition._node
    return (isinstance(node, Call) and node.function == "on") or any(map(_asks_where, operands_of(node)))
