"""What decorates constructors of MindSpore's own cells, where it is before 2.10: see `graph/_utils`."""

from collections.abc import Callable

def cell_attr_register(fn: object = None, attrs: object = None) -> Callable[[object], Callable[..., None]]: ...
