"""Tests of `lazycell.cli._contents`: what is cut, and what only other formats have."""

from __future__ import annotations

import json
from pathlib import Path

import attrs
import pytest

from lazycell.cli._contents import contents_json, print_contents
from lazycell.formats import ByteRange, CheckpointHeader, MemoryRange, TensorHeader, open_checkpoint
from lazycell.gate._candidates import Candidate

from ..formats.ggufs import Tensor, gguf_bytes
from ..loading.models import stored

HEADER = stored({"b": ((2,), "float32"), "a": ((), "float32")})


def shown(
    header: CheckpointHeader, capsys: pytest.CaptureFixture[str], *fitting: Candidate, every: bool = False
) -> list[str]:
    """Print a checkpoint; give the lines."""
    print_contents(header, fitting, every=every)
    return capsys.readouterr().out.splitlines()


def test_much_metadata_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    """Twenty lines, and how many more there are; of a long key no more than of a long value."""
    header = attrs.evolve(HEADER, metadata={"k" * 200: "v", **{f"key {k}": "v" for k in range(29)}})
    lines = shown(header, capsys)
    start = lines.index("metadata:")
    assert lines[start + 1] == f"  {'k' * 160}... (200 characters): v"
    assert lines[start + 20 : start + 22] == ["  key 18: v", "  ... and 10 more"]


def test_many_shards_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    """Twenty of them by name; all in the JSON."""
    tensors = {
        f"w.{k}": TensorHeader(f"w.{k}", "int8", (5,), (ByteRange(Path(f"dir/{k}.safetensors"), 10, 15),))
        for k in range(30)
    }
    header = CheckpointHeader(Path("dir/net.index.json"), "sharded", tensors)
    lines = shown(header, capsys)
    assert "30 files:" in lines
    assert [each.split()[0] for each in lines if ".safetensors " in each] == [f"{k}.safetensors" for k in range(20)]
    assert "  ... and 10 more" in [line.rstrip() for line in lines]
    files = contents_json(header, [])["files"]
    assert files[29] == {"path": "dir/29.safetensors", "tensors": 1, "elements": 5, "bytes": 5}


def test_a_tensor_in_parts(capsys: pytest.CaptureFixture[str]) -> None:
    """A large tensor of a `.ckpt` has several places, a row each; it counts once."""
    parts = (ByteRange(Path("a.ckpt"), 7, 9), ByteRange(Path("a.ckpt"), 20, 22))
    header = CheckpointHeader(Path("a.ckpt"), "ckpt", {"w": TensorHeader("w", "int8", (4,), parts)})
    lines = shown(header, capsys, every=True)
    assert lines[0] == "a.ckpt: ckpt, 1 tensor, 4 elements, 4 B"
    assert [line.split()[-2:] for line in lines if line.startswith("w ")] == [["7", "9"], ["20", "22"]]


def test_parts_that_are_in_no_file(capsys: pytest.CaptureFixture[str]) -> None:
    """As another format may have them: listed without a place."""
    tensor = TensorHeader("w", "F8_E8M0", (4,), (MemoryRange(memoryview(b"1234")),))
    header = CheckpointHeader(Path("a.other"), "other", {"w": tensor})
    (row,) = (line for line in shown(header, capsys, every=True) if line.startswith("w "))
    assert row.split() == ["w", "(4,)", "F8_E8M0", "4"]
    assert contents_json(header, [])["tensors"][0]["ranges"] == []


def test_verdicts(capsys: pytest.CaptureFixture[str]) -> None:
    """What is converted, each architecture by itself, and no more than five presets of it."""
    other = [Candidate(f"size-{k}", "Net", 10, False) for k in range(7)]
    lines = shown(HEADER, capsys, Candidate("one", "Other", 3, True, 1), *other)
    assert "fits one (Other); the dtype of 1 tensor is converted" in lines
    assert (
        "the architecture of Net with other sizes than its presets, nearest first: "
        "size-0, size-1, size-2, size-3, size-4 and 2 more"
    ) in lines
    assert "`lazycell infer Net net.safetensors` solves the sizes" in lines
    assert not any(line.startswith("fits no registered model") for line in lines)


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ('{"model_type": 3, "architectures": "Net"}', "config.json: no model_type"),
        ('{"architectures": ["Net", 3, "Other"]}', "config.json: no model_type, Net, Other"),
        ('{"a": 1, "a": 2}', None),
        ("[]", None),
    ],
)
def test_configs_of_strangers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], config: str, told: str | None
) -> None:
    """One that cannot be read says nothing; the checkpoint is looked at all the same."""
    (tmp_path / "config.json").write_text(config)
    header = attrs.evolve(HEADER, path=tmp_path / "net.safetensors")
    assert [line for line in shown(header, capsys) if line.startswith("config.json")] == ([told] if told else [])


def test_json_of_lone_surrogates() -> None:
    """A name that is no Unicode text, as a path may be, is escaped."""
    header = attrs.evolve(HEADER, path=Path("\udcff.safetensors"))
    assert json.loads(json.dumps(contents_json(header, [])))["path"] == "\udcff.safetensors"


def test_what_is_computed_is_told_from_what_is_stored(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The bytes of both, by origin; a row of layers may have several. Elsewhere nothing of the kind is shown."""
    tensors = {
        "blk.0.w": Tensor((2, 256), "Q4_K", bytes(288)),
        "blk.1.w": Tensor((2, 256), "Q6_K", bytes(420)),
        "norm": Tensor((4,), "F32", bytes(16)),
    }
    (tmp_path / "m.gguf").write_bytes(gguf_bytes(tensors))
    header = open_checkpoint(tmp_path / "m.gguf")
    lines = shown(header, capsys)
    assert lines[0] == f"{tmp_path}/m.gguf: gguf, 3 tensors, 1,028 elements, 4.11 kB, computed from 724 B"
    assert [line.split("  ")[-1].strip() for line in lines[1:4]] == ["from 288 B", "from 420 B", "16 B"]
    assert [line.split("  ")[1] for line in lines[1:4]] == [
        "float32 from Q4_K blocks",
        "float32 from Q6_K blocks",
        "float32",
    ]
    table = lines[lines.index("") + 1 :]
    assert table[0].split() == ["name", "tensors", "shape", "dtype", "bytes", "stored", "as", "bytes"]
    assert table[1].split()[-6:] == ["Q4_K", "blocks,", "Q6_K", "blocks", "708", "B"]
    places = shown(header, capsys, every=True)
    assert [line.split("  ")[-1] for line in places if line.startswith("blk")] == ["Q4_K blocks", "Q6_K blocks"]
    found = contents_json(header, [])
    assert found["totals"]["bytes"] == found["dtypes"]["float32"]["bytes"] == 4112
    assert found["stored"] == {
        "Q4_K blocks": {"tensors": 1, "elements": 512, "bytes": 2048, "stored_bytes": 288},
        "Q6_K blocks": {"tensors": 1, "elements": 512, "bytes": 2048, "stored_bytes": 420},
        "float32": {"tensors": 1, "elements": 4, "bytes": 16, "stored_bytes": 16},
    }
    assert [each["origin"] for each in found["tensors"]] == ["Q4_K blocks", "Q6_K blocks", ""]
    (place,) = found["tensors"][0]["ranges"]
    assert place["stop"] - place["start"] == 288
    assert "stored" not in "\n".join(shown(HEADER, capsys))


def test_quantized_weights(capsys: pytest.CaptureFixture[str]) -> None:
    """What a load makes of several tensors is counted by what is stored; the tensors are listed as they are."""
    header = stored(
        {
            "a.weight": ((4, 8), "int8"),
            "a.weight_scale": ((4, 1), "float32"),
            "b.weight": ((4, 8), "int8"),
            "b.weight_scale": ((1,), "float32"),
            "c.weight": ((4, 8), "float32"),
        }
    )
    assert "quantized: 2 weights of int8 with scales, which are floats in a load" in shown(header, capsys)
    document = contents_json(header, ())
    assert document["quantized"] == {"int8 with scales": 2}
    assert [each["name"] for each in document["tensors"]] == list(header.tensors)
