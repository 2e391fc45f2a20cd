"""GGUF files that are malformed, and what each is refused for; and legal ones that are seldom seen."""

from __future__ import annotations

import struct
from collections.abc import Mapping

from ..ggufs import Tensor, array, gguf_bytes, scalar, string, strings, text

W = Tensor()
HALF = Tensor((4,), "F16", bytes(8))


def meta(**values: bytes) -> bytes:
    """A file of one tensor, and values; `_` stands for a dot in their names."""
    return gguf_bytes({"w": W}, {key.replace("_", "."): value for key, value in values.items()})


def of(tensor: Tensor) -> bytes:
    """A file of one tensor, `w`."""
    return gguf_bytes({"w": tensor})


def placed(*offsets: int, data: int = 64) -> bytes:
    """A file of tensors of 32 bytes, `a`, `b` and so on, that are said to begin there."""
    names = [chr(ord("a") + k) for k in range(len(offsets))]
    content = gguf_bytes({name: Tensor((8,), "F32", b"", offset) for name, offset in zip(names, offsets, strict=True)})
    return content + bytes(data)


VALUE = "the value of 'k' in the metadata: "

MALFORMED: list[tuple[str, bytes, str] | tuple[str, bytes, str, str]] = [
    ("nothing", b"", "truncated: the file has 0 bytes, a GGUF file at least 24"),
    ("a magic alone", b"GGUF", "truncated: the file has 4 bytes"),
    ("a pointer of Git LFS", b"version https://git-lfs.github.com/spec/v1\n", "run `git lfs pull`"),
    ("the magic of its predecessor", b"ggjt\x03\0\0\0" + bytes(60), "begins with b'ggjt', not b'GGUF'"),
    ("big-endian", b"GGUF\0\0\0\x03" + bytes(60), "the file is big-endian"),
    ("version 1", gguf_bytes(version=1), "of version 1 of GGUF, of August 2023"),
    ("version 4", gguf_bytes(version=4), "of version 4 of GGUF; lazycell reads 2 and 3"),
    ("2^64 - 1 tensors", gguf_bytes({"w": W}, counts=(2**64 - 1, 0)), "has 18446744073709551615 tensors"),
    ("2^60 values", gguf_bytes({"w": W}, counts=(1, 2**60)), "has 1152921504606846976 values of metadata"),
    ("a key of half a letter", gguf_bytes((), [(b"\xe9", scalar("B", 0))]), "is not UTF-8: b'\\xe9'"),
    ("a key of 100,000 bytes", gguf_bytes((), [("k" * 100_000, scalar("B", 0))]), "has 100000 bytes, the format"),
    ("a key beyond the end", gguf_bytes((), counts=(0, 1))[:24] + struct.pack("<Q", 60000) + bytes(40), "truncated"),
    ("a key twice", gguf_bytes((), [("k", scalar("B", 0))] * 2), "the metadata has 'k' twice"),
    ("a value of type 13", meta(k=struct.pack("<IQ", 13, 0)), VALUE + "its type is 13"),
    ("an array of type 99", meta(k=struct.pack("<IIQQ", 9, 99, 1, 0)), VALUE + "its type is 99"),
    ("an array of arrays", meta(k=struct.pack("<IIQ", 9, 9, 0)), VALUE + "it is an array of arrays"),
    ("a bool of 2", meta(k=struct.pack("<IB", 7, 2)), VALUE + "it is a bool of 2"),
    ("bools of 0, 1 and 7", meta(k=array("?", [])[:8] + struct.pack("<Q3B", 3, 0, 1, 7)), VALUE + "it is a bool of 7"),
    ("a string of 2^64 - 1 bytes", meta(k=struct.pack("<IQ", 8, 2**64 - 1)), VALUE + "truncated"),
    ("a string beyond the end", meta(k=struct.pack("<IQ", 8, 5000)), VALUE + "truncated: 5000 bytes are needed"),
    ("2^62 numbers", meta(k=struct.pack("<IIQ", 9, 6, 2**62)), VALUE + "truncated"),
    ("4000 numbers beyond the end", meta(k=struct.pack("<IIQ", 9, 6, 4000)), VALUE + "truncated: 16000 bytes"),
    ("5000 numbers beyond the end", meta(k=struct.pack("<IIQ", 9, 6, 5000)), VALUE + "truncated: what is there ends"),
    ("2^61 strings", meta(k=struct.pack("<IIQ", 9, 8, 2**61)), VALUE + "it has 2305843009213693952 strings"),
    ("strings of 2^64 - 1 bytes", meta(k=struct.pack("<IIQQQ", 9, 8, 2, 2**64 - 1, 0)), VALUE + "truncated"),
    ("strings beyond the end", meta(k=struct.pack("<IIQQ", 9, 8, 1, 5000)), VALUE + "truncated: what is there ends"),
    ("an alignment of 0", meta(general_alignment=scalar("I", 0)), "has to be a power of two, not 0"),
    ("an alignment of 24", meta(general_alignment=scalar("I", 24)), "has to be a power of two, not 24"),
    ("a negative alignment", meta(general_alignment=scalar("i", -32)), "has to be a power of two, not -32"),
    ("an alignment that is text", meta(general_alignment=string("32")), "has to be a power of two, not '32'"),
    ("an alignment of strings", meta(general_alignment=strings(["32"])), "has to be a power of two, not [1 strings]"),
    (
        "a part",
        meta(split_count=scalar("H", 3), split_no=scalar("H", 1)),
        "part 2 of 3 of a model that was split: join",
    ),
    ("an adapter", meta(general_type=string("adapter")), "a LoRA adapter, which changes a model and is none itself"),
    ("an mmproj", meta(general_type=string("mmproj")), "that looks or listens (mmproj)"),
    ("an older mmproj", meta(general_architecture=string("clip")), "that looks or listens (mmproj)"),
    ("an imatrix", meta(general_type=string("imatrix")), "a table of what weights matter"),
    ("a name of half a letter", gguf_bytes([(b"\xff", W)]), "the name of a tensor at byte 32 is not UTF-8"),
    ("a name of 2000 bytes", gguf_bytes({"w" * 2000: W}), "has 2000 bytes, the format allows 1024"),
    ("a tensor twice", gguf_bytes([("w", W), ("w", W)]), "is there twice", "w"),
    ("five axes", of(Tensor((1,) * 5)), "has 5 axes, the format allows 4", "w"),
    ("2^32 - 1 axes", gguf_bytes((), counts=(1, 0))[:24] + text("w") + b"\xff" * 80, "has 4294967295 axes", "w"),
    ("a product that wraps to 4 bytes", of(Tensor((2**62 + 1, 4))), "larger than any memory", "w"),
    ("a product that wraps to nothing", of(Tensor((2**32, 2**32))), "larger than any memory", "w"),
    ("a product that passes 63 bits to 0", of(Tensor((2**40, 2**40, 0))), "larger than any memory", "w"),
    ("rows of half a block", of(Tensor((4, 16), "Q4_0")), "its rows of 16 are not whole blocks of Q4_0, of 32", "w"),
    ("a scalar of blocks", of(Tensor((), "Q8_0")), "its rows of 1 are not whole blocks of Q8_0", "w"),
    ("an offset of 4", of(Tensor(offset=4)), "no multiple of the alignment, 32", "w"),
    ("an offset beyond 63 bits", of(Tensor(offset=2**64 - 32)), "truncated", "w"),
    ("an overlap", placed(0, 0), "an overlap: it begins at byte", "b"),
    ("an overlap of one that is not next", placed(0, 32, 96, 64, 64, data=160), "an overlap", "e"),
    ("data that is cut", of(Tensor((4, 32), "Q8_0", bytes(100))), "truncated: tensor 'w' is in bytes", "w"),
    ("no data", placed(0, data=0), "truncated", "a"),
    ("a tensor of no known type beyond the end", of(Tensor((1,), 99, bytes(4), 2**40)), "truncated", "w"),
]
"""Label, content, cause and the tensor that is named, if one is."""

Legal = Mapping[str, tuple[str, tuple[int, ...]]]
F32 = ("float32", (1,))

LEGAL: list[tuple[str, bytes, Legal]] = [
    ("one tensor", of(W), {"w": F32}),
    ("version 2", gguf_bytes({"w": W}, version=2), {"w": F32}),
    ("no tensors", gguf_bytes((), {"k": string("v")}), {}),
    ("no tensors, and not to the alignment", gguf_bytes((), {"k": string("v")}, alignment=1), {}),
    (
        "rows of blocks",
        gguf_bytes({"w": Tensor((3, 64), "Q4_1", bytes(120)), "a": Tensor((256,), "Q6_K", bytes(210))}),
        {"w": ("float32", (3, 64)), "a": ("float32", (256,))},
    ),
    (
        "plain numbers",
        gguf_bytes(
            {
                "w": Tensor((2, 2), "BF16", bytes(8)),
                "a": Tensor((4,), "I8", bytes(4)),
                "b": Tensor((1, 1, 2, 1), "F64", bytes(16)),
                "c": HALF,
            }
        ),
        {"w": ("bfloat16", (2, 2)), "a": ("int8", (4,)), "b": ("float64", (1, 1, 2, 1)), "c": ("float16", (4,))},
    ),
    (
        "types that are not computed",
        gguf_bytes({"a": Tensor((256,), "IQ2_XXS", bytes(66)), "b": Tensor((7, 3), 199, bytes(5)), "w": W}),
        {"a": ("IQ2_XXS", (256,)), "b": ("type 199", (7, 3)), "w": F32},
    ),
    ("a scalar", of(Tensor(())), {"w": ("float32", ())}),
    (
        "empty tensors anywhere",
        gguf_bytes(
            {
                "a": Tensor((0,), "F32", b"", 0),
                "w": W,
                "b": Tensor((3, 0), "Q4_0", b"", 0),
                "c": Tensor((0, 32), "Q4_0", b"", 2**50),
            }
        ),
        {"a": ("float32", (0,)), "w": F32, "b": ("float32", (3, 0)), "c": ("float32", (0, 32))},
    ),
    ("out of order, with a hole", placed(64, 0, data=96), {"a": ("float32", (8,)), "b": ("float32", (8,))}),
    (
        "an alignment of 1",
        gguf_bytes({"a": Tensor((3,), "I8", bytes(3)), "w": W}, {"general.alignment": scalar("I", 1)}, alignment=1),
        {"a": ("int8", (3,)), "w": F32},
    ),
    (
        "an alignment of 4096",
        gguf_bytes({"w": W}, {"general.alignment": scalar("I", 4096)}, alignment=4096),
        {"w": F32},
    ),
    ("bytes behind the last tensor", of(W) + bytes(100), {"w": F32}),
    ("any letters", gguf_bytes({"größe/😀\n": W}), {"größe/😀\n": F32}),
    ("an empty name", gguf_bytes({"": W}, {"": scalar("d", 1.5)}), {"": F32}),
    ("one part of one", meta(split_count=scalar("H", 1)), {"w": F32}),
    ("text that is not UTF-8", meta(k=string(b"\xff\xfe"), l=strings([b"\xff"])), {"w": F32}),
]
"""Label, content, and what it holds."""
