"""A net's manifest beside a file: with the names that the file has for what is in the net."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mindspore import nn

from .. import loading
from .._collector import collector_paused
from ._naming import naming_of
from ._net_manifest import survey

if TYPE_CHECKING:
    from ..formats import CheckpointHeader
    from ..manifest import Manifest


def manifest_for(net: nn.Cell, header: CheckpointHeader) -> Manifest:
    """Give the manifest of a net: its `ties` and `stored` have the names by which the file has its parameters.

    Raises:
        CheckpointMismatchError: the file has names of both MindSpore and PyTorch.
        DeclarationError: what `torch_names` says of a class does not fit a cell of it.
    """
    with collector_paused():
        manifest, parameters = survey(net)
        return naming_of(net, manifest, parameters, header, loading.LoadOptions()).manifest
