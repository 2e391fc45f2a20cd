"""A model's manifest: every parameter it has, as data, known before any memory is touched."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any

from .. import formats, viewer
from ..layout import ManifestEntry
from . import _methods
from ._inventory import Inventory

if TYPE_CHECKING:
    from ..formats import CheckpointHeader
    from ..mesh import Mesh
    from .diff._diff import ManifestDiff
    from .sizes._sizes import Sizes

# All that is done with a manifest takes the inventory and knows nothing of this class, so that here it can be called.


class Manifest(Inventory):
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
        leftovers: names that files may have and the model does not: of what nothing needs, and former ones.
        base: which part of the model is the base that models with other heads share, if the class says so.
        caches: the keys and values that its cells keep of what they have read.
        owners: by the paths of cells, `*` for any index: lists that ranks divide, and what is on some ranks alone.
        source: what it was asked for by, for titles: the path of a checkpoint as it was given; empty where nothing is
            known. Two manifests that differ in nothing but their sources are equal, and no file keeps it.
        cells: of a net that has plain cells, the names of the classes of its cells, by path: what no declaration tells
            of who holds a parameter. No part of equality or of a file either.
    """

    __slots__ = ()

    def __str__(self) -> str:
        return _methods.manifest_text(self)

    def _repr_html_(self) -> str:
        return _methods.manifest_html(self)

    # ---------------------------------------------------------------------------------------------- written and read

    def to_json(self, *, collapsed: bool = False) -> str:
        """Give the manifest as JSON: always the same text for the same manifest, one parameter a line.

        Args:
            collapsed: parameters that differ in nothing but their layer indices share a line, whose name is
                `layers.{0..31}.mlp.up.weight`; `from_json` reads both.

        Returns:
            The text; `from_json` gives the same manifest of it.
        """
        return _methods.to_json(self, collapsed=collapsed)

    @classmethod
    def from_json(cls, text: str | bytes) -> Manifest:
        """Read what `to_json` wrote.

        Args:
            text: of a file, in UTF-8 where it is bytes.

        Returns:
            The manifest.

        Raises:
            ManifestError: it is no manifest, or one of a later version; the message says where and why.
        """
        return _methods.from_json(text, cls)

    @classmethod
    def of_checkpoint(cls, path: str | PathLike[str] | Mapping[str, Any]) -> Manifest:
        """Make the manifest of a checkpoint, from its headers alone: names, shapes and dtypes are all it knows.

        Args:
            path: a `.safetensors` or `.ckpt` file, an `*.index.json`, a directory in Hugging Face layout, or a dict of
                arrays.

        Returns:
            The manifest; it knows no initializers, and no expressions.

        Raises:
            FileNotFoundError: there is nothing at `path`.
            CheckpointFormatError: a file is not what its format promises.
        """
        source = "" if isinstance(path, Mapping) else str(fspath(path))
        return manifest_of_header(formats.open_checkpoint(path), source)

    def to_markdown(self) -> str:
        """Give the manifest as Markdown, repeated layers in one row.

        Returns:
            The text.
        """
        return _methods.manifest_markdown(self)

    def to_html(self, other: Manifest | None = None) -> str:
        """Give one self-contained page to look at the model with: a tree beside a map of its bytes.

        Args:
            other: a manifest to hold against this one: what differs is marked, as `diff` tells it.

        Returns:
            The page, which needs no other file and nothing of the net. Its title names each side by its `source` too,
            which `attrs.evolve(manifest, source="bert-base-uncased")` sets.
        """
        return viewer.page(viewer.view_of(self) if other is None else _methods.diff_view(self, other))

    # ------------------------------------------------------------------------------------------------ held and summed

    def diff(self, other: Manifest) -> ManifestDiff:
        """Compare with a later manifest: what `other` adds, removes, renames (a guess), reshapes, and so on.

        Args:
            other: the later one.

        Returns:
            The differences; it is false where there are none.
        """
        return _methods.diff(self, other)

    def sizes(
        self,
        *,
        optimizer: str | None = None,
        gradients: bool = False,
        mesh: Mesh | Mapping[str, int] | None = None,
        batch: int = 1,
        length: int | None = None,
        source_length: int | None = None,
    ) -> Sizes:
        """Say how much memory the model takes, before anything is built.

        Args:
            optimizer: `"adam"` or another whose state is to be counted.
            gradients: whether gradients of the trainable parameters are to be counted.
            mesh: the size of each axis that `divide` or `shard` names: `{"tp": 8}`, or a `Mesh`, whose rank is asked
                for; the sizes are those of one rank as well: of the largest, the smallest, and the one asked for.
            batch: how many texts the cache of keys and values is for.
            length: how many positions of each text, read and written, it is for: then its size is given as well.
            source_length: those of the text that an encoder has read; default: `length`.

        Returns:
            Parameters and bytes, of the whole and of its modules; it prints as a table.

        Raises:
            TypeError: `mesh` is neither a mesh nor a mapping of axes to sizes.
            ValueError: there is no such optimizer, the mesh cannot divide the model, or the model declares no cache.
        """
        return _methods.sizes_of(
            self,
            optimizer=optimizer,
            gradients=gradients,
            mesh=mesh,
            batch=batch,
            length=length,
            source_length=source_length,
        )


MODEL = "lazycell.model"
"""Key of a checkpoint's metadata: the name of the class."""


def manifest_of_header(header: CheckpointHeader, source: str = "") -> Manifest:
    """Make the manifest of what a checkpoint holds, in the order of the file.

    A dtype that no MindSpore tensor can hold has the file's own name for it, and the bytes that it takes there.

    Args:
        header: of the checkpoint.
        source: what it was asked for by.
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
    model = header.metadata.get(MODEL) or header.path.name
    return Manifest(model=model, entries=entries, declared=False, source=source)
