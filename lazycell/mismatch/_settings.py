"""The whole numbers among a model's hyperparameters, wherever they are kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .._frozen import frozen


@frozen
class Setting:
    """One whole number that a model was built with.

    Attributes:
        label: how it is written: `hidden`, `config.hidden_size`, `widths[1]`.
        value: it.
        root: the hyperparameter that it belongs to.
        container: the list or tuple of numbers that it is one of.
        position: its place in there.
    """

    label: str
    value: int
    root: str
    container: Sequence[int] | None = None
    position: int = 0

    def changed(self, value: int, container: Sequence[int] | None = None) -> dict[str, Any]:
        """Give what would have to be written to have another value; in a list or tuple where others have changed."""
        if self.container is None:
            return {self.label: value}
        values = list(self.container if container is None else container)
        values[self.position] = value
        return {self.root: type(self.container)(values)}  # type: ignore[call-arg]


def settings_of(hyperparameters: Mapping[str, Any]) -> list[Setting]:
    """List the numbers: hyperparameters themselves, those of a config object or mapping, those in lists."""
    return list(_settings(hyperparameters))


def _settings(hyperparameters: Mapping[str, Any]) -> Iterator[Setting]:
    for name, value in hyperparameters.items():
        if type(value) is int:
            yield Setting(name, value, name)
        elif isinstance(value, (list, tuple)) and value and all(type(each) is int for each in value):
            yield from _elements(name, value)
        elif isinstance(value, Mapping):
            yield from _members(name, {key: own for key, own in value.items() if isinstance(key, str)}, '{}["{}"]')
        elif not isinstance(value, type) and not callable(value) and isinstance(getattr(value, "__dict__", None), dict):
            yield from _members(name, vars(value), "{}.{}")


def _members(name: str, members: Mapping[str, Any], written: str) -> Iterator[Setting]:
    for key, value in members.items():
        label = written.format(name, key)
        if key.startswith("_"):
            continue
        if type(value) is int:
            yield Setting(label, value, label)
        elif isinstance(value, (list, tuple)) and value and all(type(each) is int for each in value):
            yield from _elements(label, value)


def _elements(name: str, values: Sequence[int]) -> Iterator[Setting]:
    if type(values) in (list, tuple):
        for position, value in enumerate(values):
            yield Setting(f"{name}[{position}]", value, name, values, position)
