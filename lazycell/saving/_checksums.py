"""Check the bytes of a checkpoint against the checksums that were stored with them.

Three kinds are known: that of each tensor, which lazycell writes (see `_write_safetensors`); MindSpore's of a whole
`.ckpt`, the CRC-32 of all bytes before the trailer `crc_num`; and MindSpore's of a safetensors file, in the metadata
`crc_num`: the CRC-32 of every tensor's name and bytes, in the order of the names. Only the first says what is damaged.
"""

from __future__ import annotations

import re
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import attrs

from .._errors import CheckpointFormatError, ChecksumError
from .._harmless import Lines, printable
from ..formats import ByteRange, CheckpointHeader, TensorHeader, open_regular, read_at, read_safetensors, size_of
from ..reading import Reader
from ..show import ProgressBar, collapse, few_lines
from ..system import JSONProblem, Scratch, Task, read_object
from ..system import run as run_workers
from ._write_safetensors import CRC32

Progress = Callable[[int, int], None]

_THREADS = 2  # one alone does not keep up with what the disk cache gives
_CHUNK = 1 << 20
_TRAILER = len(b"crc_num") + 10
_CRC_NUM = "crc_num"
_HEX = re.compile(r"[0-9a-f]{8}")
_SHOWN = 20


def verify_checksums(header: CheckpointHeader, reader: Reader, progress: Progress | None = None) -> None:
    """Check every tensor of a checkpoint, in two threads, a chunk at a time.

    Args:
        header: of the checkpoint.
        reader: to read it with; several threads use it.
        progress: called with the bytes done and the bytes in all; default: a bar on a terminal, after two seconds.

    Raises:
        ChecksumError: bytes are not those that were saved; every damaged tensor is named.
        CheckpointFormatError: there are no checksums, or not for every tensor, or they are malformed.
    """
    header = header if header.stored is None else header.stored
    with ProgressBar(f"verifying {header.path.name}") as bar:
        count = _Count(bar if progress is None else progress, header.nbytes)
        if header.format == "ckpt":
            _verify_ckpt(header, count)
            return
        if header.format not in ("safetensors", "sharded", "ranks"):
            raise CheckpointFormatError(f"{header.path}: holds no checksums: only files of safetensors and .ckpt can")
        expected: list[tuple[TensorHeader, int]] = []
        whole: list[tuple[Path, Sequence[TensorHeader], int]] = []
        for path, tensors, metadata in _files_of(header):
            if CRC32 in metadata:
                sums = _checksums(path, metadata[CRC32], tensors)
                expected += [(tensor, sums[name]) for name, tensor in tensors.items()]
            elif _CRC_NUM in metadata:
                whole.append((path, list(tensors.values()), _number(path, metadata[_CRC_NUM])))
            else:
                raise _none(path)
        damaged = _damaged(expected, reader, count)
        if damaged:
            raise ChecksumError(_message(header.path, damaged), tuple(damaged))
        for path, all_of_it, crc in whole:
            if _crc_by_mindspore(all_of_it, reader, count) != crc:
                raise ChecksumError(_damaged_somewhere(path))


class _Count:
    """Adds up what several threads have done, and can be told to make them stop."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress = progress
        self._total = total
        self._done = 0
        self._lock = threading.Lock()
        self.stopped = False

    def add(self, nbytes: int) -> None:
        """Report bytes; every report is made by one thread at a time."""
        with self._lock:
            self._done += nbytes
            self._progress(min(self._done, self._total), self._total)  # a .ckpt is more than its tensors


def _files_of(
    header: CheckpointHeader,
) -> Iterable[tuple[Path, Mapping[str, TensorHeader], Mapping[str, str]]]:
    """Give each file of a checkpoint, its tensors, and its own metadata: those of shards are joined in the header."""
    if header.format == "safetensors":
        yield header.path, header.tensors, header.metadata
        return
    paths = {part.path: None for tensor in header.tensors.values() for part in tensor.byte_ranges}
    for path in paths:
        if path.name.endswith(".bin"):  # a shard of PyTorch
            raise _none(header.path)
        shard = read_safetensors(path)
        if header.format == "ranks":  # parts, under the names of the wholes
            yield path, shard.tensors, shard.metadata
            continue
        yield path, {name: header.tensors.get(name, tensor) for name, tensor in shard.tensors.items()}, shard.metadata


def _checksums(path: Path, text: str, tensors: Mapping[str, TensorHeader]) -> dict[str, int]:
    """Read the checksums of a file's tensors, one for each, from its metadata."""
    where = f"{path}: metadata {CRC32!r}"
    try:
        sums = read_object(text.encode())
    except JSONProblem as problem:
        raise CheckpointFormatError(f"{where}: {problem}") from None
    for name, value in sums.items():
        if not isinstance(value, str) or not _HEX.fullmatch(value):
            raise CheckpointFormatError(
                f"{where}: the checksum of tensor {name!r} has to be 8 hexadecimal digits, not {value!r:.60}"
            )
        if name not in tensors:
            raise CheckpointFormatError(f"{where}: has a checksum of tensor {name!r}, which the file does not hold")
    for name in tensors:
        if name not in sums:
            raise CheckpointFormatError(f"{where}: has no checksum of tensor {name!r}")
    return {name: int(value, 16) for name, value in sums.items()}


def _damaged(expected: Sequence[tuple[TensorHeader, int]], reader: Reader, count: _Count) -> list[str]:
    """Give the names of the tensors whose checksum is another, in the order of the file, each once."""
    sums = {id(tensor): crc for tensor, crc in expected}  # parts of one tensor have one name
    # The largest first, so that neither thread is left alone with it at the end.
    runs = sorted(_runs([tensor for tensor, _ in expected]), key=lambda run: -sum(each.nbytes for each in run))
    damaged: set[int] = set()

    def task(run: Sequence[TensorHeader]) -> Task:
        def check(scratch: Scratch) -> int:
            try:
                found = _crcs(run, reader, count)
            except BaseException:
                count.stopped = True  # the other thread has nothing to go on for
                raise
            damaged.update(id(tensor) for tensor, crc in zip(run, found, strict=True) if sums[id(tensor)] != crc)
            return sum(each.nbytes for each in run)

        return check

    run_workers(map(task, runs), _THREADS, lambda done: None)  # `count` has told it, chunk by chunk
    return list(dict.fromkeys(tensor.name for tensor, _ in expected if id(tensor) in damaged))


def _runs(tensors: Iterable[TensorHeader]) -> Iterator[list[TensorHeader]]:
    """Put small tensors that lie one after the other in one file together: to be read at once."""
    run: list[TensorHeader] = []
    size = 0
    for tensor in tensors:
        if run and not (size + tensor.nbytes <= _CHUNK and _follows(run[-1], tensor)):
            yield run
            run, size = [], 0
        run.append(tensor)
        size += tensor.nbytes
    if run:
        yield run


def _follows(one: TensorHeader, other: TensorHeader) -> bool:
    if len(one.ranges) != 1 or len(other.ranges) != 1:
        return False
    (before,), (after,) = one.ranges, other.ranges
    return type(before) is type(after) is ByteRange and (before.path, before.stop) == (after.path, after.start)


def _crcs(run: Sequence[TensorHeader], reader: Reader, count: _Count) -> list[int]:
    """Give the checksums of tensors that follow each other."""
    if len(run) == 1:
        return [_crc(run[0], reader, count)]
    first, last = run[0].ranges[0], run[-1].ranges[0]
    assert type(first) is type(last) is ByteRange
    everything = attrs.evolve(first, stop=last.stop)
    buffer = memoryview(bytearray(everything.nbytes))
    # Under the name of the first, which a message would give.
    reader.read_into(TensorHeader(run[0].name, "uint8", (everything.nbytes,), (everything,)), buffer)
    count.add(len(buffer))
    sums, start = [], 0
    for tensor in run:
        stop = start + tensor.nbytes
        sums.append(zlib.crc32(buffer[start:stop]))
        start = stop
    return sums


def _crc(tensor: TensorHeader, reader: Reader, count: _Count, crc: int = 0) -> int:
    for chunk in reader.chunks(tensor, _CHUNK):
        crc = zlib.crc32(chunk, crc)
        count.add(len(chunk))
        if count.stopped:
            break
    return crc


def _crc_by_mindspore(tensors: Sequence[TensorHeader], reader: Reader, count: _Count) -> int:
    crc = 0
    for tensor in sorted(tensors, key=lambda tensor: tensor.name):
        crc = _crc(tensor, reader, count, zlib.crc32(tensor.name.encode(), crc))
    return crc


def _verify_ckpt(header: CheckpointHeader, count: _Count) -> None:
    if _CRC_NUM not in header.metadata:
        raise _none(header.path)
    expected = _number(header.path, header.metadata[_CRC_NUM])
    with open_regular(header.path) as file:
        crc, position, stop = 0, 0, size_of(file) - _TRAILER
        while position < stop:
            chunk = read_at(file, position, min(_CHUNK, stop - position))
            if not chunk:
                raise CheckpointFormatError(f"{header.path}: the file has become shorter since its header was read")
            crc = zlib.crc32(chunk, crc)
            position += len(chunk)
            count.add(len(chunk))
    if crc != expected:
        raise ChecksumError(_damaged_somewhere(header.path))


def _number(path: Path, text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or len(text) > 10 or int(text) >= 1 << 32:
        raise CheckpointFormatError(f"{path}: crc_num has to be a CRC-32, a number below 2^32, not {text!r:.60}")
    return int(text)


def _none(path: Path) -> CheckpointFormatError:
    return CheckpointFormatError(
        f"{path}: holds no checksums, so damage cannot be told from data; lazycell's save_checkpoint and convert write "
        "them, and mindspore.save_checkpoint with crc_check=True"
    )


def _damaged_somewhere(path: Path) -> str:
    return f"{path}: damaged: its bytes do not have the checksum that is stored with them, which is one for all tensors"


def _message(path: Path, damaged: Sequence[str]) -> str:
    names = few_lines([pattern for pattern, _ in collapse(damaged)], _SHOWN)
    what = f"{len(damaged)} tensor{' is' if len(damaged) == 1 else 's are'} damaged"
    advice = "take the checkpoint from where it was copied or downloaded, or an older one"
    said = f"{printable(str(path))}: {what}: the bytes are not those that were saved; {advice}"
    return Lines("\n".join([said, *(f"  {printable(name)}" for name in names)]))
