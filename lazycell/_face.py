"""The face of a package: the names that others may use, each imported when it is first used.

A package's `__init__` imports them for type checkers, and nothing else:

    if TYPE_CHECKING:
        from ._plan import LoadPlan as LoadPlan
    else:
        __getattr__ = face(__name__)

So whoever imports from a package pays for what is used, as if it had been imported from the module that has it, and a
function may use `loading.LoadPlan` where nobody who does not call it should wait.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

from ._collector import collector_paused


def face(package: str) -> Callable[[str], Any]:
    """Give the `__getattr__` of a package, whose `__init__` calls this.

    The list is the one that checkers read. The compiler keeps the names of an `__init__` in the order in which they are
    written, also of what is not run: each module, which begins with an underscore, and then what is imported from it.
    That is there already, where the text would have to be read and parsed once more.
    """
    places = {}
    module = ""
    code = sys._getframe(1).f_code
    for name in code.co_names[code.co_names.index("face") + 1 :]:
        if name.startswith("_"):
            module = name
        else:
            places[name] = module

    def __getattr__(name: str) -> Any:
        if name == "__all__":
            return sorted(places)
        if name not in places:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module = f"{package}.{places[name]}"
        if module in sys.modules:
            value = getattr(import_module(module), name)  # which waits, should another thread be at it
        else:
            with collector_paused():  # with MindSpore's objects about, one walk over them takes longer than all imports
                value = getattr(import_module(module), name)
        setattr(sys.modules[package], name, value)
        return value

    return __getattr__
