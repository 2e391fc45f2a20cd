"""`lazycell inspect`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lazycell.cli import main
from models.bert import BertForMaskedLM

from ..announced import announce
from ..mismatch.transformer import model
from ..saving.saved import save_arrays
from .command import ROOT, lazycell, without
from .terminal import in_terminal


@pytest.fixture
def site(tmp_path: Path) -> str:
    """Install a zoo that must not be imported: the transformer in two sizes."""
    manifests = {name: model(n_layers=n).to_json(collapsed=True) for name, n in (("small", 2), ("large", 9))}
    announce(tmp_path / "site", "third_zoo", "third_zoo.net", manifests)
    return os.pathsep.join([str(tmp_path / "site"), os.environ.get("PYTHONPATH", "")])


def save(path: Path, dtype: str = "float32", **sizes: int) -> Path:
    """Save a checkpoint of the transformer."""
    arrays = {entry.name: np.zeros(entry.shape, dtype) for entry in model(**sizes)}
    save_arrays(path, arrays, metadata={"format": "pt", "note": "\x1b[31m" + "long " * 100})
    return path


def test_what_it_says(tmp_path: Path, site: str) -> None:
    """Totals, metadata without its control characters, the config beside it, what it fits, and a table."""
    path = save(tmp_path / "net.safetensors", n_layers=2)
    (tmp_path / "config.json").write_text('{"model_type": "net", "architectures": ["Net\\u001b"]}')
    done = lazycell("inspect", str(path), PYTHONPATH=site, first=without("mindspore", "numpy", "rich"))
    assert (done.status, done.stderr) == (0, "")
    size, count = sum(entry.nbytes for entry in model(n_layers=2)), len(model(n_layers=2))
    lines = done.stdout.splitlines()
    assert lines[0].startswith(f"{path}: safetensors, {count} tensors, {size // 4:,} elements, ")
    assert lines[1] == "  all float32"
    assert "  format: pt" in lines
    (note,) = (line for line in lines if line.startswith("  note: "))
    assert note.startswith("  note: \\x1b[31mlong long")
    assert note.endswith("... (505 characters)")
    assert "config.json: net, Net\\x1b" in lines
    assert "fits small (Net)" in lines
    assert "the same architecture with other sizes: large" in lines
    (row,) = (line.split() for line in lines if line.startswith("layers.{0..1}.attn.q.weight"))
    assert row == ["layers.{0..1}.attn.q.weight", "2", "(16,", "16)", "float32", "2.05", "kB"]


def test_json_has_everything(tmp_path: Path, site: str) -> None:
    """Every tensor with its bytes in the file, which are its values; the metadata whole."""
    path = tmp_path / "net.safetensors"
    values = {entry.name: np.full(entry.shape, k, np.float16) for k, entry in enumerate(model(n_layers=2))}
    save_arrays(path, values, metadata={"note": "x" * 5000})
    done = lazycell("inspect", "--json", str(path), PYTHONPATH=site)
    found = json.loads(done.stdout)
    assert (done.status, done.stderr) == (0, "")
    assert (found["path"], found["format"], found["config"]) == (str(path), "safetensors", None)
    assert found["metadata"]["note"] == "x" * 5000
    count, elements = len(values), sum(value.size for value in values.values())
    totals = {"tensors": count, "elements": elements, "bytes": 2 * elements}
    assert found["totals"] == found["dtypes"]["float16"] == totals
    assert found["files"] == [{"path": str(path), **totals}]
    assert [(each["preset"], each["casts"]) for each in found["fits"]] == [("small", count)]
    assert [(each["preset"], each["model"]) for each in found["other_sizes"]] == [("large", "Net")]
    content = path.read_bytes()
    for tensor in found["tensors"]:
        (place,) = tensor["ranges"]
        value = np.frombuffer(content[place["start"] : place["stop"]], tensor["dtype"]).reshape(tensor["shape"])
        np.testing.assert_array_equal(value, values[tensor["name"]])
    assert len(found["tensors"]) == count


def test_other_sizes_than_any_preset(tmp_path: Path, site: str) -> None:
    """The command that solves them, as it has to be typed."""
    path = save(tmp_path / "my net.safetensors", n_layers=4)
    lines = lazycell("inspect", str(path), PYTHONPATH=site).stdout.splitlines()
    assert "the architecture of Net with other sizes than its presets, nearest first: small, large" in lines
    assert f"`lazycell infer Net '{path}'` solves the sizes" in lines


def test_shards_and_every_tensor(tmp_path: Path) -> None:
    """A directory with an index: each file with what it holds; with `--all` each tensor where it is."""
    save_arrays(tmp_path / "net.safetensors", {f"w.{k}": np.zeros(100, np.float32) for k in range(3)}, 500)
    done = lazycell("inspect", "--all", str(tmp_path))
    assert done.status == 0
    assert "3 files:" in done.stdout
    assert "  net-00002-of-00003.safetensors  1 tensor  100 elements  400 B" in done.stdout.splitlines()
    for k in range(3):
        (row,) = (line.split() for line in done.stdout.splitlines() if line.startswith(f"w.{k}"))
        name, _, dtype, size, file, start, stop = row
        assert (name, dtype, size, file) == (f"w.{k}", "float32", "400", f"net-0000{k + 1}-of-00003.safetensors")
        assert int(stop) - int(start) == 400
    assert "fits no registered model; `lazycell check MODEL " in done.stdout


def test_ckpt_and_dtypes(tmp_path: Path) -> None:
    """MindSpore's format; what there is most of comes first."""
    save_arrays(tmp_path / "net.ckpt", {"a": np.zeros(2, np.int8), "b": np.zeros((), np.float64)})
    lines = lazycell("inspect", str(tmp_path / "net.ckpt")).stdout.splitlines()
    assert lines[0] == f"{tmp_path / 'net.ckpt'}: ckpt, 2 tensors, 3 elements, 10 B"
    assert lines[1].split() == ["float64", "1", "tensor", "1", "element", "8", "B"]
    assert lines[2].split() == ["int8", "1", "tensor", "2", "elements", "2", "B"]


def test_names_of_strangers(tmp_path: Path) -> None:
    """Nothing in a name reaches the terminal as it is."""
    save_arrays(tmp_path / "net.safetensors", {"\x1b]0;title\x07\nw": np.zeros(1, np.float32)})
    watched = in_terminal("inspect", str(tmp_path / "net.safetensors"), columns=200)
    assert watched.status == 0
    assert "\\x1b]0;title\\x07\\nw" in watched.screen
    assert "\x1b]0;title" not in watched.screen
    assert (
        json.loads(lazycell("inspect", "--json", str(tmp_path)).stdout)["tensors"][0]["name"] == "\x1b]0;title\x07\nw"
    )


@pytest.mark.parametrize("form", [(), ("--all",)])
def test_a_name_ends_no_line(tmp_path: Path, form: tuple[str, ...]) -> None:
    """In a pipe, too; nor does what the metadata say."""
    save_arrays(tmp_path / "net.safetensors", {"evil\nline": np.zeros(1, np.int8)}, metadata={"a\nb": "c\nd"})
    done = lazycell("inspect", *form, str(tmp_path / "net.safetensors"))
    assert (done.status, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert "  a\\nb: c\\nd" in lines
    (row,) = (line.split() for line in lines if line.startswith("evil"))
    assert row[0] == "evil\\nline"


def test_an_empty_checkpoint(tmp_path: Path) -> None:
    """Nothing is said of tensors that are not there."""
    (tmp_path / "net.safetensors").write_bytes(b"\x02\0\0\0\0\0\0\0{}")
    done = lazycell("inspect", str(tmp_path / "net.safetensors"))
    assert done.status == 0
    assert done.stdout.startswith(f"{tmp_path / 'net.safetensors'}: safetensors, 0 tensors, 0 elements, 0 B\n")


@pytest.mark.parametrize(("name", "message"), [("gone.ckpt", "there is no checkpoint at"), ("x.ckpt", "x.ckpt")])
def test_what_cannot_be_read(tmp_path: Path, name: str, message: str) -> None:
    """One line on stderr, and status 2."""
    (tmp_path / "x.ckpt").write_bytes(b"no checkpoint")
    done = lazycell("inspect", str(tmp_path / name))
    assert (done.status, done.stdout) == (2, "")
    assert done.stderr.startswith("lazycell: ")
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_wrong_usage() -> None:
    """A checkpoint has to be given."""
    assert lazycell("inspect").status == 2


def test_a_reader_that_leaves(tmp_path: Path) -> None:
    """`| head -1` gets its line; nothing is said of the rest."""
    path = tmp_path / "big.safetensors"
    save_arrays(path, {f"name.{k}.{'x' * (k % 90)}": np.zeros(1, np.int8) for k in range(20_000)})
    command = f"{sys.executable} -m lazycell inspect --all {path} | head -1; echo status ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.startswith(f"{path}: safetensors, 20,000 tensors")
    assert done.stdout.endswith("status 141\n")
    assert done.stderr == ""


def test_what_is_imported(tmp_path: Path, site: str) -> None:
    """No module that takes long, so that the answer is there in a blink."""
    path = save(tmp_path / "net.safetensors", n_layers=2)
    assert heavy("inspect", str(path), site=site) == []


def heavy(*arguments: str, site: str = "") -> list[str]:
    """Run the command; give the modules it imported that take long, or that it does not need."""
    code = (
        "import sys\nfrom lazycell.cli import main\nmain(sys.argv[1:])\n"
        "slow = {'mindspore', 'models', 'numpy', 'ml_dtypes', 'rich', 'asyncio', 'multiprocessing', 'unittest'}\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules} & slow), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": site or os.environ.get("PYTHONPATH", "")},
        capture_output=True,
        text=True,
        check=True,
    )
    found: list[str] = json.loads(done.stderr.splitlines()[-1].replace("'", '"'))
    return found


def test_help() -> None:
    """With examples that begin as they are typed."""
    done = lazycell("inspect", "--help")
    assert done.status == 0
    assert "    lazycell inspect model.safetensors" in done.stdout


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Make a directory as it lies on the hub: weights of a tiny BERT with a head, and its config."""
    sizes = {"vocab_size": 20, "hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2}
    sizes |= {"intermediate_size": 12, "max_position_embeddings": 10}
    net = BertForMaskedLM(**sizes)
    net.init_parameters_data(seed=1)
    net.save_checkpoint(tmp_path / "model.safetensors")
    config = {"model_type": "bert", "architectures": ["BertForMaskedLM"], **sizes}
    (tmp_path / "config.json").write_text(json.dumps(config))
    return tmp_path


def answers(path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[dict[str, Any], list[str]]:
    """Inspect in this process: what is asked for in the JSON, and the lines of the text."""
    assert main(["inspect", str(path), "--json"]) == 0
    asked = json.loads(capsys.readouterr().out)["asked"]
    assert main(["inspect", str(path)]) == 0
    return asked, capsys.readouterr().out.splitlines()


def test_the_class_that_the_config_asks_for(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whether it fits, as `check` and a load say; and where to ask why it does not."""
    asked, lines = answers(repository, capsys)
    text = "fits BertForMaskedLM (models.bert), which config.json asks for"
    assert asked == {"class": "BertForMaskedLM", "module": "models.bert", "fits": True, "message": text}
    assert text in lines
    assert not any(line.startswith("fits no") for line in lines)
    assert main(["check", str(repository), str(repository)]) == 0

    config = json.loads((repository / "config.json").read_text())
    (repository / "config.json").write_text(json.dumps(config | {"num_hidden_layers": 3}))
    capsys.readouterr()
    asked, lines = answers(repository, capsys)
    text = "does not fit BertForMaskedLM (models.bert), which config.json asks for: 16 parameters missing"
    assert (asked["fits"], asked["message"]) == (False, text)
    where = lines.index(text)
    assert lines[where + 1] == f"`lazycell check {repository} {repository}` says why"
    assert main(["check", str(repository), str(repository)]) == 1


def test_a_head_that_would_be_new_is_counted(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The load would begin with it."""
    config = json.loads((repository / "config.json").read_text())
    config["architectures"] = ["BertForTokenClassification"]
    (repository / "config.json").write_text(json.dumps(config))
    asked, _ = answers(repository, capsys)
    assert asked["message"] == (
        "fits BertForTokenClassification (models.bert), which config.json asks for; 2 parameters of a new head would "
        "have to be trained"
    )


def test_a_config_that_no_class_answers(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A family that is not here, or a key that the class does not know: told, and the rest is printed."""
    (repository / "config.json").write_text(json.dumps({"model_type": "mpnet"}))
    asked, lines = answers(repository, capsys)
    assert asked == {"class": None, "module": None, "fits": None, "message": "no class is registered for 'mpnet'"}
    assert "no class is registered for 'mpnet'" in lines
    (repository / "config.json").write_text(json.dumps({"model_type": "bert", "rotary_dim": 4}))
    asked, _ = answers(repository, capsys)
    assert asked["fits"] is None
    assert asked["message"].startswith("Bert")


def test_no_class_is_asked_where_that_is_not_wanted(repository: Path) -> None:
    """A file, or with `--no-class`; and where there is no MindSpore, that is said."""
    for words in ([str(repository / "model.safetensors")], [str(repository), "--no-class"]):
        done = lazycell("inspect", *words, first=without("mindspore"))
        assert (done.status, done.stderr) == (0, "")
        assert "config asks" not in done.stdout
    done = lazycell("inspect", str(repository), first=without("mindspore"))
    assert (done.status, done.stderr) == (0, "")
    assert "which class that is, and whether it fits, is told where MindSpore is installed" in done.stdout
