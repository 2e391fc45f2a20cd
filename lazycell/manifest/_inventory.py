"""What a manifest says, as data, and its digest: what prints, writes, compares or draws a manifest is made of this."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from .. import declaration
from .._frozen import frozen
from .._stream_version import STREAM_VERSION
from ..history import Migration
from ..layout import Block, ManifestEntry, Stored
from ..mesh import Listed, On

if TYPE_CHECKING:
    from ..history import Version
    from ..layout import BaseModel, Leftover
    from ._caches import KeyValueCache

DIGEST = "lazycell.digest"
"""The key under which a checkpoint's metadata has the digest of the manifest it was saved by."""

_NONE: Mapping[str, str] = {}


@frozen
class Inventory:
    """Every parameter of a model, in order of declaration. `Manifest` tells what the fields are.

    It knows nothing of what is done with it, so that whatever does it can know this.
    """

    model: str
    entries: tuple[ManifestEntry, ...]
    ties: Mapping[str, str] = attrs.field(factory=dict)
    computed: frozenset[str] = frozenset()
    hyperparameters: Mapping[str, Any] = attrs.field(factory=dict)
    stored: tuple[Stored, ...] = ()
    copies: tuple[Stored, ...] = ()
    stream_version: int = STREAM_VERSION
    declared: bool = True
    migrations: tuple[Migration, ...] = ()
    leftovers: tuple[Leftover, ...] = ()
    base: BaseModel | None = None
    caches: tuple[KeyValueCache, ...] = ()
    owners: Mapping[str, Listed | On] = attrs.field(factory=dict)
    source: str = attrs.field(default="", kw_only=True, eq=False, repr=False)
    cells: Mapping[str, str] = attrs.field(factory=dict, kw_only=True, eq=False, repr=False)
    _by_name: dict[str, ManifestEntry] = attrs.field(factory=dict, init=False, repr=False, eq=False)

    def __len__(self) -> int:
        return len(self.entries)

    def __iter__(self) -> Iterator[ManifestEntry]:
        return iter(self.entries)

    def __contains__(self, name: object) -> bool:
        return name in self._named or name in self.ties

    def __getitem__(self, name: str) -> ManifestEntry:
        return self._named[self.ties.get(name, name)]

    @property
    def _named(self) -> dict[str, ManifestEntry]:
        if len(self._by_name) < len(self.entries):  # not before: most loads ask for none by its name
            self._by_name.update((entry.name, entry) for entry in self.entries)
        return self._by_name

    @property
    def size(self) -> int:
        """The number of elements of all parameters, each tied one counted once."""
        return sum(entry.size for entry in self.entries)

    @property
    def nbytes(self) -> int:
        """The bytes of all parameters, each tied one counted once."""
        return sum(entry.nbytes for entry in self.entries)

    @property
    def digest(self) -> str:
        """SHA-256, in hex, of names, shapes, dtypes, ties and layout: equal when checkpoints can be exchanged."""
        return digest_of(self.entries, self.ties, self.stored)


def digest_of(
    entries: Iterable[ManifestEntry],
    ties: Mapping[str, str],
    stored: Iterable[Stored],
    version: Version | None = None,
    dtypes: Mapping[str, str] = _NONE,
) -> str:
    """Give the SHA-256, in hex, of names, shapes, dtypes, ties and layout.

    Args:
        entries: the parameters of the model as it is.
        ties: by name, the parameter that it stands for.
        stored: the tensors that are not simply a parameter under its own name.
        version: the names to take instead of the present ones.
        dtypes: by present name, the dtypes to take instead of the declared ones.
    """
    was = _NONE if version is None else version.names
    later: frozenset[str] = frozenset() if version is None else version.later
    lines = [
        f"{was.get(entry.name, entry.name)} {dtypes.get(entry.name, entry.dtype)} {list(entry.shape)}"
        for entry in entries
        if entry.name not in later
    ]
    lines += [
        f"{was.get(target, target)} = {was.get(source, source)}"
        for target, source in ties.items()
        if target not in later
    ]

    def renamed(block: Block) -> Block:
        return attrs.evolve(block, parameter=was[block.parameter]) if block.parameter in was else block

    for each in stored:
        if each.name not in later:
            form = declaration.replace_leaves(each.form, renamed) if was else each.form
            lines.append(f"{was.get(each.name, each.name)} {list(each.shape)} {declaration.form_text(form)}")
    return hashlib.sha256("\n".join(sorted(lines)).encode("utf-8", "surrogatepass")).hexdigest()
