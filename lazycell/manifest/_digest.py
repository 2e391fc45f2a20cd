"""The digest of a manifest: what two models have in common that can exchange checkpoints."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import attrs

from ..declaration import form_text, replace_leaves
from ..layout import Block, ManifestEntry, Stored

if TYPE_CHECKING:
    from ..history import Version

DIGEST = "lazycell.digest"
"""The key under which a checkpoint's metadata has the digest of the manifest it was saved by."""

_NONE: Mapping[str, str] = {}


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
            form = replace_leaves(each.form, renamed) if was else each.form
            lines.append(f"{was.get(each.name, each.name)} {list(each.shape)} {form_text(form)}")
    return hashlib.sha256("\n".join(sorted(lines)).encode("utf-8", "surrogatepass")).hexdigest()
