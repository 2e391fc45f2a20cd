"""A save before a byte is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .._frozen import frozen
from ..layout import Stored
from ..manifest import Manifest
from ..saving import Destination

if TYPE_CHECKING:
    from ..saving import Companion


@frozen(eq=False)
class PreparedSave:
    """What is to be written, and where: known before a byte is.

    Attributes:
        destination: where.
        manifest: of what is saved, with the dtypes that the file gets.
        sources: the parameters, by full name.
        stored: the tensors that are not simply a parameter under its own name.
        metadata: strings for the header.
        target: the dtype of the floating-point tensors in the file; None: as they are.
        companion: what is replaced with the checkpoint.
    """

    destination: Destination
    manifest: Manifest
    sources: Mapping[str, Any]
    stored: Sequence[Stored]
    metadata: Mapping[str, str]
    target: str | None
    companion: Companion | None
