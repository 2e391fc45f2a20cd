"""Groups of ranks, made when they are first used, by their members alone."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Sequence

from mindspore.communication import GlobalComm, create_group, get_group_size, get_rank

from ..mesh import Mesh

_LONGEST = 60


def is_initialized() -> bool:
    """Tell whether MindSpore's communication is."""
    return bool(GlobalComm.INITED)


def check_rank(mesh: Mesh) -> None:
    """Refuse to communicate as another rank than this process is.

    Raises:
        RuntimeError: communication is not initialized, or the mesh's rank is another's.
    """
    if not is_initialized():
        raise RuntimeError(
            f"{mesh}: ranks cannot communicate: start the program with msrun, and call "
            "mindspore.communication.init() before the model is used"
        )
    if (get_rank(), get_group_size()) != (mesh.rank, mesh.ranks):
        raise RuntimeError(
            f"the model was built for {mesh}, and this process is rank {get_rank()} of {get_group_size()}: "
            "build it without rank=, which is taken from msrun then"
        )


@functools.cache
def group_of(members: tuple[int, ...]) -> str:
    """Give the name of the group of these ranks, of which this one is one.

    All members have to come here in the same order of groups. A rank that is none must not: on the CPU `create_group`
    refuses it, and the members wait for ever.
    """
    if len(members) == get_group_size():
        return str(GlobalComm.WORLD_COMM_GROUP)
    name = _name_of(members)
    create_group(name, list(members))
    return name


def _name_of(members: Sequence[int]) -> str:
    text = "-".join(map(str, members))
    if len(text) > _LONGEST:
        text = f"{members[0]}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"
    return f"lazycell-{text}"
