"""lazycell's side with plain cells: MindSpore's nets, built under `no_init_parameters` and loaded by lazycell."""

from __future__ import annotations

from typing import Any

import lazycell

from ._mindspore import arrays as arrays
from ._mindspore import build_eagerly
from ._mindspore import shapes as shapes
from ._work import Work


def build(net: None, work: Work) -> Any:
    """Build the net; no parameter has values or memory."""
    with lazycell.no_init_parameters():
        return build_eagerly(None, work)


def load(net: Any, work: Work) -> Any:
    """Load the checkpoint."""
    lazycell.load_checkpoint(work.path, net)
    return net
