"""Refuse an adapter that changes a tensor which the model uses in two places, and that was trained in one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ... import show
from ..._errors import CheckpointError
from ...formats import TensorHeader
from ._adapted import REPLACED, changes_one_name

_SHOWN = 3


def refuse_tied(model: str, ties: Mapping[str, str], read: Mapping[str, Sequence[TensorHeader]]) -> None:
    """Refuse a load with adapters that changes a tied parameter.

    An adapter of an embedding leaves the head that is tied to it as it was: while it is trained, and where `peft` runs
    it. Merged, it would change both. Rows of tokens are changed in both, there too; and of tensors that an adapter has
    whole, under all names, the copies are compared as those in any file.

    Args:
        model: its name.
        ties: of the model: for each name that is tied, the parameter that it stands for.
        read: for each parameter the tensors that are read for it, copies under the names of ties among them.

    Raises:
        CheckpointError: it does; the message names the parameter, and what it is tied to.
    """
    tied: dict[str, list[str]] = {}
    for alias, owner in ties.items():
        tied.setdefault(owner, []).append(alias)
    for owner, names in tied.items():
        tensors = read.get(owner, ())
        if not any(map(changes_one_name, tensors)):
            continue
        if len(tensors) > len(names) and all(each.origin.endswith(REPLACED) for each in tensors):
            continue
        raise CheckpointError(
            f"the adapter changes {owner!r}, which {model} uses as {show.few(names, _SHOWN)} too: it was trained with "
            "that as it was, and merged it would change both, so that the model says something else (which "
            "`merge_and_unload` of peft lets happen). Build the model without the tie (tie_word_embeddings=False), and "
            "load a base that has both tensors"
        )
