"""Tests of `lazycell.formats._other_contents`."""

from __future__ import annotations

from pathlib import Path

import pytest

from lazycell.formats._other_contents import what_it_is


@pytest.mark.parametrize(
    ("names", "what", "advice"),
    [
        (
            ["adapter_config.json", "adapter_model.safetensors"],
            "an adapter of PEFT",
            'from_pretrained(BASE, adapter="D")',
        ),
        (["zero_to_fp32.py", "latest"], "a checkpoint of DeepSpeed", "python D/zero_to_fp32.py D MERGED"),
        (["latest", "global_step10"], "a checkpoint of DeepSpeed", "python D/zero_to_fp32.py D MERGED"),
        (
            ["config.json", "tf_model.h5"],
            "weights of TensorFlow or Flax",
            'AutoModel.from_pretrained("D", from_tf=True)',
        ),
        (["config.json", "tf_model.h5.index.json"], "weights of TensorFlow or Flax", "from_tf=True"),
        (["bert_model.ckpt.index"], "weights of TensorFlow or Flax", "from_tf=True"),
        (["config.json", "pytorch_model_fsdp_0"], "a checkpoint of torch.distributed", "accelerate merge-weights D/"),
        (["config.json", "flax_model.msgpack"], "weights of TensorFlow or Flax", "or from_flax=True"),
        (["params.json", "tokenizer.model"], "the layout of their authors' own code", "files for transformers"),
        (["config.json", "onnx"], "weights of ONNX or OpenVINO", "the repository that they were exported from"),
        (["config.json", "openvino_model.xml"], "weights of ONNX or OpenVINO", "`hf download ORG/NAME`"),
        (["config.json", "README.md"], "a config.json and no weights", "`hf download ORG/NAME`"),
    ],
)
def test_what_is_known(names: list[str], what: str, advice: str) -> None:
    """What it is, and what to do, with the path filled in."""
    said = what_it_is(Path("D"), names)
    assert said is not None
    assert what in said.split(";")[0]
    assert advice in said.partition(";")[2]


def test_what_is_not_known() -> None:
    """Nothing is guessed."""
    assert what_it_is(Path("D"), ["notes.txt", "latest"]) is None


def test_the_root_of_a_cache(tmp_path: Path) -> None:
    """The snapshot to give is named: that of the branch main, else the only one, else one of them."""
    root = tmp_path / "models--org--name"
    names = ["blobs", "refs", "snapshots"]
    (root / "refs").mkdir(parents=True)
    assert "and there is none; `hf download" in str(what_it_is(root, names))
    (root / "snapshots" / "b").mkdir(parents=True)
    assert str(what_it_is(root, names)).endswith(f"; give {root}/snapshots/b")
    (root / "snapshots" / "a").mkdir()
    assert str(what_it_is(root, names)).endswith(f"; give one of them, such as {root}/snapshots/a")
    (root / "refs" / "main").write_text("b\n")
    assert str(what_it_is(root, names)).endswith(f"; give {root}/snapshots/b, which is its branch main")
    (root / "refs" / "main").write_text("../../elsewhere")
    assert str(what_it_is(root, names)).endswith(f"; give one of them, such as {root}/snapshots/a")


@pytest.mark.parametrize(
    ("below", "one"),
    [(["checkpoint-500", "checkpoint-1000"], "checkpoint-1000"), (["vae", "text_encoder"], "text_encoder")],
)
def test_models_below(tmp_path: Path, below: list[str], one: str) -> None:
    """Of checkpoints of a training the last is named, of other directories the first."""
    for name in below:
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.json").write_text("{}")
    (tmp_path / "runs").mkdir()
    said = str(what_it_is(tmp_path, [*below, "runs", "model_index.json"]))
    assert "directories in it that have a config.json" in said
    assert "runs" not in said
    assert said.endswith(f"such as {tmp_path / one}")
