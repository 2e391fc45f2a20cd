"""The face of a package: the names that others may use, each imported when it is first used.

A package's `__init__` imports them for type checkers, and nothing else; modules of the package that others may use come
first:

    if TYPE_CHECKING:
        from . import html as html
        from ._plan import LoadPlan as LoadPlan
    else:
        __getattr__ = face(__name__)

So whoever imports from a package pays for what is used, as if it had been imported from the module that has it, and a
function may use `loading.LoadPlan` where nobody who does not call it should wait. Inside a package, a module of that
kind does the same for the modules beside it that few need: `_readers.read_ckpt`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Any

from ._collector import collector_paused


def face(where: str) -> Callable[[str], Any]:
    """Give the `__getattr__` of the module that calls this: the `__init__` of a package, or a module in it.

    The list is the one that checkers read. The compiler keeps the names of an `__init__` in the order in which they are
    written, also of what is not run: each module, which begins with an underscore, and then what is imported from it.
    That is there already, where the text would have to be read and parsed once more.
    """
    places = {}
    module = ""
    frame = sys._getframe(1)
    package, names = frame.f_globals["__package__"], frame.f_code.co_names
    for name in names[names.index("face") + 1 :]:
        if name.startswith("_") or "." in name or not name:  # nothing: from the package itself come its modules
            module = name
        else:
            places[name] = module

    def __getattr__(name: str) -> Any:
        if name == "__all__":
            return sorted(places)
        if name not in places:
            raise AttributeError(f"module {where!r} has no attribute {name!r}")
        if not places[name]:
            return import_module(f"{package}.{name}")
        module = f"{package}.{places[name]}"
        if module in sys.modules:
            value = getattr(import_module(module), name)  # which waits, should another thread be at it
        else:
            with collector_paused():  # with MindSpore's objects about, one walk over them takes longer than all imports
                value = getattr(import_module(module), name)
        setattr(sys.modules[where], name, value)
        return value

    return __getattr__


def callable_package(package: str, module: str, name: str) -> None:
    """Make a package one that can be called, where a public function has its name: `lazycell.manifest(net)`.

    Args:
        package: its `__name__`.
        module: where the function is, which is imported when it is called.
        name: what it is called there.
    """

    class CallablePackage(ModuleType):
        def __call__(self, *args: Any, **keywords: Any) -> Any:
            return getattr(import_module(module), name)(*args, **keywords)

    sys.modules[package].__class__ = CallablePackage
