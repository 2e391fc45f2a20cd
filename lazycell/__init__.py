"""lazycell: models for MindSpore whose parameters are declared, checked and loaded before any memory is touched.

The public names are in `__init__.pyi`, which checkers read, and which is read here when the first of them is used: each
is imported then, from where the stub imports it, and what needs no MindSpore does not import it.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from ._collector import collector_paused

__version__ = "0.1.0"
# To a checker these two are `typing.Annotated`, so the stub does not say where they are.
_places = {"Buffer": "declaration._declare", "Param": "declaration._declare"}


def __getattr__(name: str) -> Any:
    if len(_places) == 2:
        _read_stub()
    if name == "__all__":
        return sorted(_places)
    if name not in _places:
        raise AttributeError(f"module 'lazycell' has no attribute {name!r}")
    with collector_paused():  # with MindSpore's objects about, one walk over them takes as long as all the imports
        if name == "manifest":  # the package of that name, which can be called: importing it would hide a function
            value = import_module(".manifest", __name__)
        else:
            value = getattr(import_module(f".{_places[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__getattr__("__all__"), "__version__"]


def _read_stub() -> None:
    """Note where the stub imports each name from: `from .module import name, name`, in brackets or on one line."""
    text = __loader__.get_data(f"{__path__[0]}/__init__.pyi").decode()  # type: ignore[name-defined]
    found = {}
    for block in text.partition("\n__all__")[0].split("\nfrom .")[1:]:
        module, _, names = block.partition("\n\n")[0].partition(" import ")
        found.update({name.strip(): module for name in names.strip("()\n").split(",") if name.strip()})
    _places.update(found)  # at once: another thread may look meanwhile
