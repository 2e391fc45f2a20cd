"""A few bytes of each rank for all ranks, within a time: over a store that rank 0 keeps, else by a collective."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Protocol

import numpy as np
from mindspore import Tensor, ops
from mindspore.communication import get_group_size, get_rank
from mindspore.mint import distributed

from .._errors import CheckpointError

_TO_CONNECT = 20
"""Seconds: less than the 30 after which a collective gives up on the CPU, as one follows."""

_LAST_WORDS = 10
"""Seconds that rank 0 waits for those who have yet to read what it gathered: without it, they could not. No longer than
it waits for their rows: one that was killed never reads."""


class Channel(Protocol):
    """What ranks tell each other by."""

    def gather(self, row: bytes, timeout: float) -> list[bytes]:
        """Give all ranks' rows, which are equally long, in the order of the ranks.

        Raises:
            CheckpointError: a rank did not answer.
        """


class Store:
    """The ranks' rows go to rank 0, which keeps a `TCPStore`, and from there to all at once."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self._rank, self._ranks = get_rank(), get_group_size()
        self._round = 0

    def gather(self, row: bytes, timeout: float) -> list[bytes]:
        self._round += 1
        try:
            if self._rank == 0:
                return self._collect(row, timeout)
            self._put(f"{self._rank}", row)
            # Rank 0 says who is late; that it is itself is found out here. It may yet wait for somebody to read what it
            # gathered before, who was killed, and then wait for that one's row.
            if not self._there("all", time.monotonic() + timeout + 2 * _last_words(timeout)):
                self._take_back(timeout)
            answer = self._get("all")
            self._store.add(self._name("read"), 1)
        except RuntimeError as error:  # the store is gone
            raise CheckpointError(
                f"rank 0 ended, and nobody else knows what the others are doing{_why(error)}"
            ) from error
        late, rows = answer[:8], answer[8:]
        return self._rows(int.from_bytes(late, "little"), rows, timeout)

    def _collect(self, row: bytes, timeout: float) -> list[bytes]:
        rows, end, late = [row], time.monotonic() + timeout, 0
        for rank in range(1, self._ranks):
            if not self._there(f"{rank}", end):
                late = rank
                break
            rows.append(self._get(f"{rank}"))
            self._store.delete_key(self._name(f"{rank}"))
        self._put("all", late.to_bytes(8, "little") + (b"" if late else b"".join(rows)))
        end = time.monotonic() + _last_words(timeout)
        for pause in _pauses(end):
            if self._store.add(self._name("read"), 0) >= self._ranks - 1 - bool(late):
                break
            time.sleep(pause)
        return self._rows(late, b"".join(rows), timeout)

    def _rows(self, late: int, rows: bytes, timeout: float) -> list[bytes]:
        if late:
            raise CheckpointError(_late(late, timeout))
        size = len(rows) // self._ranks
        return [rows[start : start + size] for start in range(0, len(rows), size)]

    def _name(self, what: str) -> str:
        return f"lazycell/{self._round}/{what}"

    def _put(self, what: str, value: bytes) -> None:
        self._store.set(self._name(what), value)
        self._store.add(self._name(f"{what} is there"), 1)

    def _get(self, what: str) -> bytes:
        return bytes(self._store.get(self._name(what)))

    def _there(self, what: str, end: float) -> bool:
        """Wait for what another rank puts: `get` would wait as long as the store was told when it was made."""
        for pause in _pauses(end):
            if self._store.add(self._name(f"{what} is there"), 0):
                return True
            time.sleep(pause)
        return False

    def _take_back(self, timeout: float) -> None:
        """Have rank 0 not find the row, should it come after all: it would think that this rank goes on."""
        self._store.add(self._name(f"{self._rank} is there"), -1)
        if not self._there("all", time.monotonic()):
            raise CheckpointError(_late(0, timeout))


class Collective:
    """The rows by AllGather. On the CPU it gives up after 30 seconds, elsewhere when MindSpore says so."""

    def gather(self, row: bytes, timeout: float) -> list[bytes]:
        words = np.frombuffer(row + bytes(-len(row) % 4), np.int32)  # no bytes on the CPU
        return [each.tobytes()[: len(row)] for each in _all_gather(words)]


def open_channel() -> Channel:
    """Connect the ranks; all of them have to call it, within the time that a collective has.

    Raises:
        CheckpointError: a rank did not answer.
    """
    rank = get_rank()
    address, store = np.zeros(2, np.int32), None
    with contextlib.suppress(Exception):  # without a store there is the collective
        if rank == 0:
            store, address = _keep()
    host, port = _all_gather(address)[0].tolist()
    if rank and port:
        with contextlib.suppress(Exception):
            store = _store(socket.inet_ntoa(np.int32(host).tobytes()), port, False)
    connected = _all_gather(np.array([store is not None], np.int32))
    return Store(store) if connected.all() else Collective()


def _keep() -> tuple[Any, Any]:
    """Make the store of rank 0, on a port that nobody has; give it, and its address as two numbers."""
    host = _own_host()
    with socket.socket() as found:
        found.bind((host, 0))
        port = found.getsockname()[1]
    store = _store(host, port, True)
    return store, np.array([np.frombuffer(socket.inet_aton(host), np.int32)[0], port], np.int32)


def _own_host() -> str:
    """Give the address by which the other ranks reach this one: the one that msrun's scheduler is reached from."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as way:
        way.connect((os.environ.get("MS_SCHED_HOST", "127.0.0.1"), 9))  # nothing is sent
        return str(way.getsockname()[0])


def _store(host: str, port: int, is_master: bool) -> Any:
    return distributed.TCPStore(
        host, port, get_group_size(), is_master, timedelta(seconds=_TO_CONNECT), wait_for_workers=False
    )


def _all_gather(words: Any) -> Any:
    try:
        return ops.AllGather()(Tensor(words)).asnumpy().reshape(get_group_size(), -1)
    except RuntimeError as error:
        raise CheckpointError(
            f"another rank ended, or has not answered in the time that MindSpore gives it{_why(error)}"
        ) from error


def _why(error: Exception) -> str:
    line = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
    return f" ({line})" if line else ""


def _last_words(timeout: float) -> float:
    return min(_LAST_WORDS, timeout)


def _late(rank: int, timeout: float) -> str:
    return f"rank {rank} has not answered for {timeout:g} s (timeout=): see what it says, or whether it is there"


def _pauses(end: float) -> Iterator[float]:
    """Give how long to sleep between looks, at first little, until the time is over."""
    pause = 0.0005
    while True:
        yield pause
        if time.monotonic() > end:
            return
        pause = min(pause * 1.5, 0.05)
