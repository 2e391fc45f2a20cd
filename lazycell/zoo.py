"""The zoo under a name that nothing beside a script can hide: `lazycell.zoo.llama` is the module `models.llama`.

Where `models` is the zoo, as it is unless a `models.py` or a package `models` of somebody else's comes first, modules
are the very ones that `import models.llama` gives. Where it is not, they are imported from the zoo's folder under this
name. So no class is there twice, and what was pickled under this name is found in each process.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from ._zoo_name import FOLDER, OTHER_NAME, OWN_NAME, hidden_by, take_other_name

__path__ = [str(FOLDER)]


class _Same(Loader):
    """Gives a module that is imported under another name."""

    def __init__(self, name: str) -> None:
        self.name = name

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = import_module(self.name)
        self.spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self.spec  # which the import has just set to that of the second name


class _Zoo(MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if not fullname.startswith(f"{OTHER_NAME}."):
            return None
        if hidden_by() is not None:
            take_other_name()
            return None  # the finder of paths reads it
        return ModuleSpec(fullname, _Same(OWN_NAME + fullname.removeprefix(OTHER_NAME)))


def __getattr__(name: str) -> Any:
    if name in ("generate", "stream_generate"):  # what `models` itself has
        return getattr(import_module(f"{OTHER_NAME}.generation"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


sys.meta_path.insert(0, _Zoo())
