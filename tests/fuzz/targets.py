"""What is fuzzed: for each parser the inputs, and what has to hold whatever it is given."""

from __future__ import annotations

import json
import math
import os
import resource
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import safetensors
from hypothesis import strategies as st

from lazycell._errors import CheckpointError, CheckpointFormatError, ManifestError
from lazycell.formats import ByteRange, CheckpointHeader, Computed, TensorHeader, gguf
from lazycell.formats._ckpt import read_ckpt
from lazycell.formats._pytorch import read_pytorch
from lazycell.formats._readers import read_gguf
from lazycell.formats._safetensors import read_safetensors
from lazycell.formats._sharded import read_index
from lazycell.formats._strided import StridedRange, span
from lazycell.manifest._manifest import Manifest

from ..formats.corpus import CKPT, GOOD, HUB_INDEX, LEGACY, NAME_MAP, PYTORCH, SAFETENSORS, WHITE, ZIPPED
from ..formats.corpus import GGUF as BAD_GGUF
from ..formats.files import entry, field, record, safetensors_bytes, varint, write_tensors
from ..formats.ggufs import Tensor, array, gguf_bytes, scalar, string, strings
from ..manifest.documents import document, everything
from .mutations import NUMBERS, rewritten

MEMORY = 64 << 20
"""Bytes that an input of a few kilobytes may take while it is read."""

SECONDS = 2.0
"""Processor time that it may take."""


class Broken(AssertionError):
    """A parser did not keep its promise."""


@attrs.frozen
class Target:
    """A parser.

    Attributes:
        inputs: contents of a file, sound or with mistakes in their structure.
        seeds: contents that parts are taken from.
        prepare: puts into an empty folder what the file refers to.
        name: of the file in the folder.
        read: the parser.
        other: the format's own library, which has to accept what the parser accepts, and nothing else.
    """

    inputs: st.SearchStrategy[bytes]
    seeds: Sequence[bytes]
    prepare: Callable[[Path], object]
    name: str
    read: Callable[[Path], CheckpointHeader]
    other: Callable[[bytes], object] | None = None

    def check(self, folder: Path, content: bytes) -> bool:
        """Read one input; tell whether it was accepted.

        Raises:
            Broken: neither a header whose every part lies inside its file, nor a `CheckpointError`; or it took too
                much time or memory.
        """
        path = folder / self.name
        _overwrite(path, content)
        started = time.thread_time()
        try:
            with limited_memory(MEMORY):
                header = self.read(path)
        except CheckpointError as error:
            _check(str(path.parent) in str(error), f"the message names no file: {error}")
            _check(len(str(error)) < 10_000 + 2 * len(content), "the message has no end")
            # The format forbids a key twice ("not all parsers may respect this", and its own does not everywhere), and
            # white space before the header, which its own takes.
            if self.other is not None and not str(error).endswith("twice") and WHITE not in str(error):
                _check(not _accepts(self.other, content), f"the format's library accepts it: {error}")
            return False
        finally:
            _check(time.thread_time() - started < SECONDS, f"it took {time.thread_time() - started:.1f} s")
        for name, tensor in header.tensors.items():
            _check(name == tensor.name, f"{name!r} is called {tensor.name!r}")
            for part in _places(tensor):
                size = part.path.stat().st_size
                if isinstance(part, StridedRange):
                    stop = part.start + span(part.shape, part.strides) * part.itemsize
                    _check(0 <= part.start <= stop <= size, f"{name!r}: {part} is not inside the {size} bytes")
                    _check(part.nbytes <= max(size, 1 << 30), f"{name!r}: {part} is larger than the file")
                    continue
                assert isinstance(part, ByteRange)
                _check(0 <= part.start <= part.stop <= size, f"{name!r}: {part} is not inside the {size} bytes")
                _check(part.path.parent == folder, f"{name!r}: {part} is outside the folder")
            if tensor.is_readable:
                _check(tensor.nbytes == math.prod(tensor.shape) * tensor.itemsize, f"{name!r}: {tensor}")
        _check(self.other is None or _accepts(self.other, content), "accepted, but not by the format's own library")
        return True


def _places(tensor: TensorHeader) -> Iterator[Any]:
    """Give its parts, and of such as are computed what they are computed from; these are computed, if there are few."""
    for part in tensor.ranges:
        if not isinstance(part, Computed):
            yield part
            continue
        if part.nbytes < 1 << 20:
            target = bytearray(part.nbytes)
            part.read_into(memoryview(target), 0)
            if target:
                part.read_into(memoryview(target)[: len(target) // 2 + 1], len(target) // 3)
        yield from part.ranges


def _accepts(library: Callable[[bytes], object], content: bytes) -> bool:
    try:
        library(content)
    except Exception:
        return False
    return True


def _overwrite(path: Path, content: bytes) -> None:
    """Give a file this content, in place: file systems take a hundred times as long to empty it first."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        os.pwrite(descriptor, content, 0)
        os.ftruncate(descriptor, len(content))
    finally:
        os.close(descriptor)


def _check(condition: bool, message: str) -> None:
    if not condition:
        raise Broken(message)


@contextmanager
def limited_memory(nbytes: int) -> Iterator[None]:
    """Let the process have no more than this beyond what it has: then `MemoryError` is raised."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + nbytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _nothing(folder: Path) -> None:
    pass


def _contents(write: Callable[[Path], Path], folder: Path) -> bytes:
    return write(folder).read_bytes()


def _seeds(prefix: str, folder: Path) -> list[bytes]:
    """The files of the corpus, bad and good, that are of a format and small."""
    cases = [
        case
        for case in (*SAFETENSORS, *CKPT, *PYTORCH, *BAD_GGUF, *GOOD)
        if case.label.startswith(prefix) and "cut at" not in case.label
    ]
    contents = [_contents(case.write, folder) for case in cases]
    return [content for content in contents if len(content) < 2000]


# safetensors

_HEADERS = [
    {},
    {"w": entry()},
    {
        "__metadata__": {"format": "ms", "q": "Int4"},
        "w": entry("F16", [2, 3], [0, 12]),
        "q": entry("I8", [4], [12, 16]),
    },
    {f"layers.{i}.w": entry("BF16", [2], [4 * i, 4 * i + 4]) for i in range(4)},
    {"a": entry("F4", [4], [0, 2]), "b": entry("U8", [0], [2, 2]), "w": entry("F64", [], [2, 10])},
]


@st.composite
def _safetensors(draw: st.DrawFn) -> bytes:
    header = draw(st.sampled_from(_HEADERS))
    raw = draw(rewritten(header))
    ends = [value["data_offsets"][1] for name, value in header.items() if name != "__metadata__"]
    size = draw(st.sampled_from([max(ends, default=0), draw(st.integers(0, 20))]))
    return safetensors_bytes(raw, bytes(size))


# .ckpt: a tree of fields, each a number and either bytes or fields

_Tree = list[tuple[int, "bytes | _Tree | int"]]


def _encode(tree: _Tree) -> bytes:
    content = b""
    for number, value in tree:
        if isinstance(value, int):
            content += varint(number << 3) + varint(value)
        else:
            content += field(number, _encode(value) if isinstance(value, list) else value)
    return content


def _record(tag: bytes, dims: list[int], tensor_type: bytes, content: bytes) -> tuple[int, _Tree]:
    proto: _Tree = [*((1, size) for size in dims), (2, tensor_type), (3, content)]
    return 1, [(1, tag), (2, proto)]


_CHECKPOINTS: list[_Tree] = [
    [_record(b"w", [1], b"Float32", bytes(4))],
    [
        _record(b"w", [2, 3], b"Float16", bytes(12)),
        _record(b"s", [], b"Int64", bytes(8)),
        _record(b"t", [0], b"str", bytes(8)),
    ],
    [
        _record(b"w", [6], b"UInt8", bytes(3)),
        _record(b"w", [6], b"UInt8", bytes(3)),
        _record(b"q", [4], b"Int4", bytes(2)),
    ],
]


@st.composite
def _ckpt(draw: st.DrawFn) -> bytes:
    tree = [_copy(item) for item in draw(st.sampled_from(_CHECKPOINTS))]
    for _ in range(draw(st.integers(0, 3))):
        level = tree
        while level:
            at = draw(st.integers(0, len(level) - 1))
            number, value = level[at]
            if isinstance(value, list) and draw(st.integers(0, 3)):
                level = value
                continue
            kind = draw(st.integers(0, 5))
            if kind == 0:
                del level[at]
            elif kind == 1:
                level.insert(draw(st.integers(0, len(level))), _copy(level[at]))
            elif kind == 2:
                level[at] = draw(st.integers(0, 9)), value
            elif kind == 3:
                level[at] = number, draw(st.sampled_from(NUMBERS))
            elif kind == 4:
                level[at] = number, draw(st.binary(max_size=12))
            else:
                level.insert(draw(st.integers(0, len(level))), level.pop(at))
            break
    return _encode(tree) + draw(st.sampled_from([b"", b"", b"crc_num" + bytes(10), b"\0", record("z")]))


def _copy(item: tuple[int, bytes | _Tree | int]) -> tuple[int, bytes | _Tree | int]:
    number, value = item
    return number, [_copy(each) for each in value] if isinstance(value, list) else value


# PyTorch's files


def _pytorch(folder: Path) -> Target:
    """Sound files and bad ones, whose bytes are damaged; and archives whose pickle is."""
    seeds = [ZIPPED, LEGACY, *(content for content in _seeds("pytorch", folder) if content)]
    start = ZIPPED.index(b"\x80\x02")

    @st.composite
    def inputs(draw: st.DrawFn) -> bytes:
        content = draw(st.sampled_from(seeds))
        for _ in range(draw(st.integers(0, 3))):  # in the opcodes and numbers of the pickle
            place = min(draw(st.integers(start, start + 400)), len(content))
            piece = draw(st.sampled_from(_OPCODES) | st.binary(max_size=3))
            content = content[:place] + piece + content[place + (len(piece) if draw(st.booleans()) else 0) :]
        return content

    return Target(inputs(), seeds, _nothing, "net.pt", read_pytorch)


_OPCODES = [
    bytes([code]) for code in b"(.0NKJMGXU]}tlu)sebqrhjcRQ\x80\x81\x85\x86\x87\x88\x89\x8a\x8b\x8c\x8d\x93\x94\x95"
]


# GGUF: of kinds of models whose tensors are changed back, and of others

_SIZES = {"block_count": 1, "embedding_length": 32, "feed_forward_length": 32, "context_length": 8}
_SIZES |= {"attention.head_count": 4, "attention.head_count_kv": 2}


def _values(architecture: str, **more: bytes) -> dict[str, bytes]:
    named = {f"{architecture}.{key}": scalar("I", value) for key, value in _SIZES.items()}
    named[f"{architecture}.attention.layer_norm_rms_epsilon"] = scalar("f", 1e-6)
    more = {key.replace("_", "."): value for key, value in more.items()}
    return {"general.architecture": string(architecture), **named, **more}


_TENSORS = {
    "token_embd.weight": Tensor((4, 32), "Q8_0", bytes(range(136))),
    "blk.0.attn_q.weight": Tensor((32, 32), "Q4_0", bytes(range(18)) * 32),
    "blk.0.attn_k.weight": Tensor((16, 32), "F16", bytes(1024)),
    "blk.0.attn_norm.weight": Tensor((32,), "F32", bytes(128)),
    "blk.0.ffn_up_exps.weight": Tensor((2, 3, 32), "Q5_1", bytes(range(144))),
    "rope_freqs.weight": Tensor((4,), "F32", np.float32([1, 1, 2, 8]).tobytes()),
}
_OTHERS = {
    "a": Tensor((256,), "Q6_K", bytes(210)),
    "b": Tensor((2, 256), "IQ2_XXS", bytes(132)),
    "c": Tensor((), "F64", bytes(8)),
    "d": Tensor((3, 0), "MXFP4", b""),
    "e": Tensor((5,), 99, bytes(9)),
}
_GGUFS: list[tuple[dict[str, Tensor], dict[str, bytes]]] = [
    (_TENSORS, _values("llama")),
    (_TENSORS, _values("llama", llama_expert_count=scalar("I", 2), general_alignment=scalar("I", 32))),
    (_TENSORS, _values("gemma2", tokenizer_ggml_tokens=strings(["a", "", "b"]))),
    (_OTHERS, _values("other", x=array("?", [True, False]), y=array("f", [0.5]), z=scalar("d", 0.5))),
    ({}, {}),
]


@st.composite
def _gguf(draw: st.DrawFn) -> bytes:
    """A sound file with up to three mistakes in what it says of values and tensors."""
    tensors, values = (list(each.items()) for each in draw(st.sampled_from(_GGUFS)))
    pieces = [raw for _, known in _GGUFS for raw in known.values()]
    version, counts, alignment = 3, None, 32
    for _ in range(draw(st.integers(0, 3))):
        kind = draw(st.integers(0, 7))
        if kind < 3 and tensors:
            at = draw(st.integers(0, len(tensors) - 1))
            name, tensor = tensors[at]
            if kind == 0:
                shape = [*tensor.shape, 1][: max(1, len(tensor.shape))]
                shape[draw(st.integers(0, len(shape) - 1))] = draw(st.sampled_from(NUMBERS))
                tensor = attrs.evolve(tensor, shape=shape[: draw(st.integers(0, 5))])
            elif kind == 1:
                tensor = attrs.evolve(tensor, type=draw(st.integers(0, 45)))
            else:
                tensor = attrs.evolve(tensor, offset=draw(st.sampled_from([*NUMBERS, 32, 64, 96, 1 << 50])))
            tensors[at] = (draw(st.sampled_from([name, name, *_TENSORS])), tensor)
        elif kind < 6 and values:
            at = draw(st.integers(0, len(values) - 1))
            if kind == 3:
                del values[at]
            else:
                values[at] = values[at][0], draw(st.sampled_from(pieces) | st.binary(max_size=20))
        elif kind == 6:
            counts = draw(st.sampled_from(NUMBERS)), draw(st.sampled_from([len(values), *NUMBERS]))
        else:
            version, alignment = draw(st.integers(0, 4)), draw(st.sampled_from([1, 32, 64]))
    return gguf_bytes(tensors, values, version=version, counts=counts, alignment=alignment)


def _read_gguf(path: Path) -> CheckpointHeader:
    """Read a file, and the config in it, which may be none."""
    header = read_gguf(path)
    with suppress(CheckpointFormatError):
        gguf.config_of(gguf.read_file(path))
    return header


# Both indices

_MAPS = [
    {"metadata": {"total_size": 12}, "weight_map": {"a": "a.safetensors", "w": "s.safetensors", "b": "s.safetensors"}},
    {"weight_map": {"a": "a.safetensors"}},
    {"a": "a.safetensors", "w": "s.safetensors", "b": "s.safetensors"},
]


def _shards(folder: Path) -> None:
    write_tensors(folder / "a.safetensors", {"a": (1,)})
    write_tensors(folder / "s.safetensors", {"b": (1,), "w": ()})
    write_tensors(folder / "hyper_param.safetensors", {"step": ()})
    (folder / "bad.safetensors").write_bytes(b"1234")
    write_tensors(folder.parent / "s.safetensors", {"w": (1,)})  # outside


def _index(name: str) -> Target:
    seeds = [json.dumps(value).encode() for value in _MAPS]
    return Target(st.sampled_from(_MAPS).flatmap(rewritten), seeds, _shards, name, read_index)


# Manifests


@attrs.frozen
class ManifestTarget(Target):
    """`Manifest.from_json`: what it accepts is written as a text that gives the same manifest."""

    def check(self, folder: Path, content: bytes) -> bool:
        """Read one input; tell whether it was accepted.

        Raises:
            Broken: neither a manifest nor a `ManifestError` in print; or it took too much time or memory.
        """
        started = time.thread_time()
        try:
            with limited_memory(MEMORY):
                manifest = Manifest.from_json(content)
        except ManifestError as error:
            _check(str(error).isprintable(), f"the message is not in print: {error!r}")
            _check(len(str(error)) < 2_000, "the message has no end")
            return False
        finally:
            _check(time.thread_time() - started < SECONDS, f"it took {time.thread_time() - started:.1f} s")
        for collapsed in (False, True):
            text = manifest.to_json(collapsed=collapsed)
            again = Manifest.from_json(text)
            _check(again == manifest, f"it is another one when it was written: {text}")
            _check(again.to_json(collapsed=collapsed) == text, f"it is another text the second time: {text}")
        for shown in (str(manifest), manifest.to_markdown()):
            _check(all(line.isprintable() for line in shown.split("\n")), f"{shown!r} is not in print")
        return True


def _manifest() -> Target:
    documents = [document(everything(), collapsed=collapsed) for collapsed in (False, True)]
    headers = {"a.0": np.zeros((2, 3), np.float16), "a.1": np.zeros((2, 3), np.float16), "b": np.ones((), np.int8)}
    documents += [document(Manifest.of_checkpoint(headers), collapsed=collapsed) for collapsed in (False, True)]
    documents += [document(Manifest("Net", (), hyperparameters={"n": 3, "t": [1.5, None, {"a": "é"}]}))]
    seeds = [json.dumps(value).encode() for value in documents]
    inputs = st.sampled_from(documents).flatmap(rewritten)
    return ManifestTarget(inputs, seeds, _nothing, "manifest.json", read_safetensors)


def targets(folder: Path) -> Mapping[str, Target]:
    """Make every target; the corpus is written into a folder to be read."""
    tensors, checkpoints, ggufs = (_seeds(prefix, folder) for prefix in ("safetensors", "ckpt", "gguf"))
    ggufs += [gguf_bytes(*each) for each in _GGUFS]
    return {
        "safetensors": Target(
            st.sampled_from(tensors) | _safetensors(),
            tensors,
            _nothing,
            "m.safetensors",
            read_safetensors,
            safetensors.deserialize,
        ),
        "ckpt": Target(st.sampled_from(checkpoints) | _ckpt(), checkpoints, _nothing, "net.ckpt", read_ckpt),
        "pytorch": _pytorch(folder),
        "gguf": Target(st.sampled_from(ggufs) | _gguf(), ggufs, _nothing, "m.gguf", _read_gguf),
        "index": _index(HUB_INDEX),
        "name_map": _index(NAME_MAP),
        "manifest": _manifest(),
    }
