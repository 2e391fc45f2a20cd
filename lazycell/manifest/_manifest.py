"""A model's manifest: every parameter it has, as data, known before any memory is touched."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from os import PathLike
from typing import TYPE_CHECKING, Any

import attrs

from .._frozen import frozen
from .._stream_version import STREAM_VERSION
from ..history._migration import Migration
from ..layout._entry import ManifestEntry
from ..layout._layout import Stored

if TYPE_CHECKING:
    from ..formats._header import CheckpointHeader
    from .diff._diff import ManifestDiff
    from .sizes._sizes import Sizes


@frozen
class Manifest:
    """Every parameter of a model, in order of declaration.

    Attributes:
        model: name of the class.
        entries: the parameters; one that is tied to another is not among them.
        ties: for each name that is tied, the name of the parameter that it stands for.
        computed: names of the buffers that are computed, not saved; a stored copy of one is ignored.
        hyperparameters: the values that the shapes were computed from.
        stored: the tensors of a checkpoint that are not simply a parameter under its own name, as `rename({…})` in
            the class bodies says.
        copies: what a checkpoint may store a second time under the name of a tie; read, never written.
        stream_version: which streams `init_parameters_data(seed)` draws from: with another one, a seed gives other
            values.
        declared: whether a model declares all this; False for what a checkpoint's headers tell, which know neither
            initializers nor what is trained.
        migrations: how checkpoints of before a rename are read, oldest first.
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
    _by_name: dict[str, ManifestEntry] = attrs.field(init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "_by_name", {entry.name: entry for entry in self.entries})

    def __len__(self) -> int:
        return len(self.entries)

    def __iter__(self) -> Iterator[ManifestEntry]:
        return iter(self.entries)

    def __contains__(self, name: object) -> bool:
        return name in self._by_name or name in self.ties

    def __getitem__(self, name: str) -> ManifestEntry:
        return self._by_name[self.ties.get(name, name)]

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
        from ._digest import digest_of

        return digest_of(self)

    def __str__(self) -> str:
        from ._text import manifest_text

        return manifest_text(self)

    def _repr_html_(self) -> str:
        from ._text import manifest_html

        return manifest_html(self)

    # ---------------------------------------------------------------------------------------------- written and read

    def to_json(self, *, collapsed: bool = False) -> str:
        """Give the manifest as JSON: always the same text for the same manifest, one parameter a line.

        Args:
            collapsed: parameters that differ in nothing but their layer indices share a line, whose name is
                `layers.{0..31}.mlp.up.weight`; `from_json` reads both.
        """
        from .file._canonical import to_json

        return to_json(self, collapsed=collapsed)

    @classmethod
    def from_json(cls, text: str | bytes) -> Manifest:
        """Read what `to_json` wrote.

        Raises:
            ManifestError: it is no manifest, or one of a later version; the message says where and why.
        """
        from .file._canonical import from_json

        return from_json(text)

    @classmethod
    def of_checkpoint(cls, path: str | PathLike[str] | Mapping[str, Any]) -> Manifest:
        """Make the manifest of a checkpoint, from its headers alone: names, shapes and dtypes are all it knows.

        Args:
            path: a `.safetensors` or `.ckpt` file, an `*.index.json`, a directory in Hugging Face layout, or a dict of
                arrays.

        Raises:
            FileNotFoundError: there is nothing at `path`.
            CheckpointFormatError: a file is not what its format promises.
        """
        from ..formats._open import open_checkpoint  # not before: what is declared needs no file

        return manifest_of_header(open_checkpoint(path))

    def to_markdown(self) -> str:
        """Give the manifest as Markdown, repeated layers in one row."""
        from ._text import manifest_markdown

        return manifest_markdown(self)

    def to_html(self, other: Manifest | None = None) -> str:
        """Give one self-contained page to look at the model with: a tree beside a map of its bytes.

        Args:
            other: a manifest to hold against this one: what differs is marked.
        """
        from ..viewer._page import page
        from ..viewer._view import view_of

        return page(view_of(self, other))

    # ------------------------------------------------------------------------------------------------ held and summed

    def diff(self, other: Manifest) -> ManifestDiff:
        """Compare with a later manifest: what `other` adds, removes, renames (a guess), reshapes, and so on."""
        from .diff._diff import diff

        return diff(self, other)

    def sizes(
        self, *, optimizer: str | None = None, gradients: bool = False, mesh: Mapping[str, int] | None = None
    ) -> Sizes:
        """Say how much memory the model takes, before anything is built.

        Args:
            optimizer: `"adam"` or another whose state is to be counted.
            gradients: whether gradients of the trainable parameters are to be counted.
            mesh: the size of each axis that `shard` names: `{"tp": 8}`; the sizes are those of one rank as well.

        Raises:
            ValueError: there is no such optimizer, or a dimension cannot be divided by its axes.
        """
        from .sizes._sizes import sizes_of

        return sizes_of(self, optimizer=optimizer, gradients=gradients, mesh=mesh)


MODEL = "lazycell.model"
"""Key of a checkpoint's metadata: the name of the class."""


def manifest_of_header(header: CheckpointHeader) -> Manifest:
    """Make the manifest of what a checkpoint holds, in the order of the file.

    A dtype that no MindSpore tensor can hold has the file's own name for it, and the bytes that it takes there.
    """
    entries = tuple(
        ManifestEntry(
            name=tensor.name,
            shape=tuple(tensor.shape),
            dtype=tensor.dtype,
            initializer="",
            packed_bytes=None if tensor.is_readable else tensor.nbytes,
        )
        for tensor in header.tensors.values()
    )
    return Manifest(model=header.metadata.get(MODEL) or header.path.name, entries=entries, declared=False)
