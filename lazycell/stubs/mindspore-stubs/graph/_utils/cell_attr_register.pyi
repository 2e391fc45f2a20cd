"""What decorates constructors of MindSpore's own cells: they take anything, as far as checkers can tell."""

from collections.abc import Callable

def cell_attr_register(fn: object = None, attrs: object = None) -> Callable[[object], Callable[..., None]]: ...
