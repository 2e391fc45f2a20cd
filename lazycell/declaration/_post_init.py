"""What a class does after everything that it declares is there: `__post_init__`, of which every class inherits one."""

from __future__ import annotations


def do_nothing_more(self: object) -> None:
    """Do nothing more: what every class inherits, so that `super().__post_init__()` ends somewhere."""


def does_more(cls: type) -> bool:
    """Tell whether a class, or one of its bases, writes a `__post_init__`, which may add to what is declared."""
    return getattr(cls, "__post_init__", do_nothing_more) is not do_nothing_more
