"""The seed of streams where the caller names none."""

from __future__ import annotations

import os

from mindspore import get_seed

_ENTROPY = int.from_bytes(os.urandom(8), "little") >> 1


def process_seed() -> int:
    """Give the seed to use when the caller names none: `mindspore.get_seed()`.

    Without `mindspore.set_seed` it is entropy drawn once a process, so that values differ between runs, and still do
    not depend on the order of initialisation within one.
    """
    seed = get_seed()
    return _ENTROPY if seed is None else int(seed)
