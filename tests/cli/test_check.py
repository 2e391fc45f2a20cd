"""`lazycell check`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from ..mismatch.transformer import model
from ..saving.saved import save_arrays
from .command import lazycell, without
from .test_inspect import heavy


@pytest.fixture
def manifest(tmp_path: Path) -> str:
    """Write the manifest of the transformer."""
    path = tmp_path / "net.json"
    path.write_text(model().to_json(collapsed=True))
    return str(path)


def save(path: Path, dtype: str = "float32", prefix: str = "", **sizes: int) -> str:
    """Save a checkpoint of the transformer."""
    save_arrays(path, {prefix + entry.name: np.zeros(entry.shape, dtype) for entry in model(**sizes)})
    return str(path)


def test_it_fits(tmp_path: Path, manifest: str) -> None:
    """The plan, the verdict in the last line, status 0; nothing that takes long is imported."""
    path = save(tmp_path / "net.safetensors", "float16")
    done = lazycell("check", manifest, path, first=without("mindspore", "numpy", "rich"))
    assert (done.status, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0].startswith(f"fill {len(model())} parameters of Net from {path}, ")
    assert "float16 -> float32" in lines[1]
    assert lines[-1] == f"Net fits {path}"
    assert heavy("check", manifest, path) == []


def test_what_the_class_refuses_is_no_wrong_usage(tmp_path: Path) -> None:
    """It says so in the class's own words, line by line, and not how the command is used."""
    path = save(tmp_path / "net.safetensors")
    done = lazycell("check", "bert-tiny", path, "--set", "num_attention_heads=3")
    assert (done.status, done.stdout) == (2, "")
    assert done.stderr.startswith("lazycell: BertModel: hidden_size must be divisible by num_attention_heads")
    assert "Usage:" not in done.stderr
    assert "\\n" not in done.stderr
    assert len(done.stderr.splitlines()) > 1


def test_json_of_a_fit(tmp_path: Path, manifest: str) -> None:
    """The plan as data: where each parameter comes from, and its dtypes."""
    path = save(tmp_path / "net.safetensors", "float16", prefix="net.")
    done = lazycell("check", manifest, path, "--json", "--rename", "net.{*rest}={*rest}")
    found = json.loads(done.stdout)
    assert (done.status, found["fits"], found["problems"], found["causes"]) == (0, True, [], [])
    assert [(step["parameter"], step["from"]) for step in found["plan"]["steps"]] == [
        (entry.name, f"net.{entry.name}") for entry in model()
    ]
    assert {(step["stored_dtype"], step["dtype"]) for step in found["plan"]["steps"]} == {("float16", "float32")}
    assert found["plan"]["bytes"] == model().nbytes // 2


def test_it_does_not_fit(tmp_path: Path, manifest: str) -> None:
    """The verdict is the answer: on stdout, with everything that is wrong, and status 1."""
    path = save(tmp_path / "net.safetensors", prefix="net.", n_layers=2)
    done = lazycell("check", manifest, path)
    assert (done.status, done.stderr) == (1, "")
    assert done.stdout.startswith(f"{path} does not fit Net: ")
    assert "likely cause: " in done.stdout
    assert "  add --rename 'net.{*rest}={*rest}'" in done.stdout.splitlines()
    assert "  make the manifest with --set n_layers=2" in done.stdout.splitlines()
    found = json.loads(lazycell("check", manifest, path, "--json").stdout)
    assert (found["fits"], found["plan"]) == (False, None)
    assert found["message"] + "\n" == done.stdout
    assert {problem["kind"] for problem in found["problems"]} == {"missing", "unexpected"}
    assert found["causes"][0]["rename"] == {"net.{*rest}": "{*rest}"}


def test_what_may_be_missing_or_left(tmp_path: Path, manifest: str) -> None:
    """`--missing` and `--unexpected` take patterns, several of them, or the word for everything."""
    arrays = {entry.name: np.zeros(entry.shape, np.float32) for entry in model() if "classifier" not in entry.name}
    save_arrays(tmp_path / "net.safetensors", arrays | {"a": np.zeros(1), "b": np.zeros(1)})
    path = str(tmp_path / "net.safetensors")
    assert lazycell("check", manifest, path, "--missing", "classifier.*").status == 1
    for unexpected in (("--unexpected", "a", "--unexpected", "b"), ("--unexpected", "ignore")):
        done = lazycell("check", manifest, path, "--missing", "classifier.*", *unexpected)
        assert done.status == 0
        assert "ignore:\n  a\n  b\n" in done.stdout
    assert lazycell("check", manifest, path, "--missing", "init", "--unexpected", "error").status == 1


def test_casts(tmp_path: Path, manifest: str) -> None:
    """`--cast strict` takes no other dtype."""
    path = save(tmp_path / "net.safetensors", "float16")
    assert lazycell("check", manifest, path, "--cast", "strict").status == 1
    done = lazycell("check", manifest, path, "--cast", "checkpoint", "--json")
    assert {step["dtype"] for step in json.loads(done.stdout)["plan"]["steps"]} == {"float16"}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--rename", "net."), "--rename net.: write OLD=NEW"),
        (("--rename", "a=b", "--rename", "a=c"), "--rename a=c: a is renamed twice, to b as well"),
        (("--rename", "a=b.{i}"), "the target 'b.{i}' uses {i}, but 'a' has no captures"),
        (("--set", "hidden=3"), "--set does not go with"),
        (("--cast", "maybe"), "maybe"),
    ],
)
def test_wrong_usage(tmp_path: Path, manifest: str, arguments: tuple[str, ...], told: str) -> None:
    """What cannot be meant is status 2."""
    done = lazycell("check", manifest, save(tmp_path / "net.safetensors"), *arguments)
    assert (done.status, done.stdout) == (2, "")
    assert told in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("model", "checkpoint"), [("net.json", "gone.ckpt"), ("gone.json", "net.safetensors")])
def test_what_is_not_there(tmp_path: Path, manifest: str, model: str, checkpoint: str) -> None:
    """A file that is missing is trouble, no answer."""
    save(tmp_path / "net.safetensors")
    done = lazycell("check", str(tmp_path / model), str(tmp_path / checkpoint))
    assert (done.status, done.stdout) == (2, "")
    assert "gone." in done.stderr


def test_names_of_strangers(tmp_path: Path, manifest: str) -> None:
    """Nothing in a name reaches the terminal as it is, nor ends a line; what is proposed can be typed all the same."""
    arrays = {entry.name: np.zeros(entry.shape, np.float32) for entry in model()}
    path, name = str(tmp_path / "net.safetensors"), "\x1b[31mw\nNet fits\r"
    save_arrays(Path(path), {**arrays, name: np.zeros(1, np.float32)})
    done = lazycell("check", manifest, path)
    assert done.status == 1
    assert "\x1b" not in done.stdout
    lines = done.stdout.splitlines()
    assert "  \\x1b[31mw\\nNet fits\\r: float32 (1,)" in lines
    assert not any(line.startswith("Net fits") for line in lines)
    assert lines[-1] == "  add --unexpected $'\\033[31mw\\012Net fits\\015'"
    done = lazycell("check", manifest, path, "--unexpected", name)
    assert done.status == 0
    assert done.stdout.splitlines()[-3:] == ["ignore:", "  \\x1b[31mw\\nNet fits\\r", f"Net fits {path}"]


def test_a_strange_prefix(tmp_path: Path, manifest: str) -> None:
    """A rename of names with the end of a line in them: each row is one line, as is the proposal."""
    path = save(tmp_path / "net.safetensors", prefix="a\nb.")
    done = lazycell("check", manifest, path)
    assert done.status == 1
    assert not any(line.startswith("b.") for line in done.stdout.splitlines())
    assert done.stdout.splitlines()[-1] == "  add --rename $'a\\012b.{*rest}={*rest}'"
    done = lazycell("check", manifest, path, "--rename", "a\nb.{*rest}={*rest}")
    assert done.status == 0
    assert "from a\\nb.embed.weight" in done.stdout
    assert len(done.stdout.splitlines()) == 2 + len({row for row in done.stdout.splitlines() if row.startswith("  ")})


def test_a_registered_model(tmp_path: Path) -> None:
    """A preset with another number of layers; what would mend a misfit is said as options that do."""
    from lazycell import Manifest

    committed = Manifest.from_json(Path("models/manifests/bert-tiny.json").read_text())
    arrays = {entry.name: np.zeros(entry.shape, np.float32) for entry in committed if ".layer.1." not in entry.name}
    path = str(tmp_path / "net.safetensors")
    save_arrays(Path(path), arrays)
    done = lazycell("check", "bert-tiny", path)
    assert done.status == 1
    assert done.stdout.splitlines()[-1] == "  add --set num_hidden_layers=1"
    assert lazycell("check", "bert-tiny", path, "--set", "num_hidden_layers=1").status == 0


def test_advice_is_for_who_types(tmp_path: Path, manifest: str) -> None:
    """No argument of Python's: neither in what a cause proposes, nor in ways out, nor in what is wrong with a dtype."""
    path = save(tmp_path / "prefixed.safetensors", prefix="x.")
    told = lazycell("check", manifest, path).stdout
    assert told.endswith("what to do:\n  add --rename 'x.{*rest}={*rest}'\n")
    path = save(tmp_path / "half.safetensors", "float16")
    strict = lazycell("check", manifest, path, "--cast", "strict").stdout
    assert "--cast strict takes no other; --cast cast converts" in strict
    arrays = {f"{i}.a": np.zeros(3, np.float32) for i in range(9)}
    save_arrays(tmp_path / "other.safetensors", arrays)
    other = lazycell("check", manifest, str(tmp_path / "other.safetensors")).stdout
    assert "if it is the same model under other names, pass `--rename`" in other
    arrays = {entry.name: np.zeros(entry.shape, np.float32) for entry in model()}
    save_arrays(tmp_path / "more.safetensors", {**arrays, **{f"{i}.x": np.zeros(1, np.float32) for i in "abcdef"}})
    more = lazycell("check", manifest, str(tmp_path / "more.safetensors")).stdout
    assert "  --unexpected ignore, or --unexpected with a name pattern, once or more often, leaves tensors out" in more
    del arrays["layers.1.attn.q.weight"]
    save_arrays(tmp_path / "less.safetensors", arrays)
    less = lazycell("check", manifest, str(tmp_path / "less.safetensors")).stdout
    assert "  --missing init, or --missing with a name pattern, once or more often, leaves parameters to their" in less
    for text in (told, strict, other, more, less):
        assert not any(f"{argument}=" in text for argument in ("rename", "missing", "unexpected", "dtype")), text


def test_help() -> None:
    """With examples that begin as they are typed."""
    done = lazycell("check", "--help")
    assert done.status == 0
    assert "    lazycell check bert-base-uncased model/" in done.stdout


def test_ignored_keys_of_a_config_are_listed(tmp_path: Path) -> None:
    """The way out that the refusal names, and the report of it."""
    name = str(tmp_path / "tiny.safetensors")
    sizes = {"num_hidden_layers": 1, "hidden_size": 8, "num_attention_heads": 2, "intermediate_size": 8}
    sizes |= {"vocab_size": 8, "max_position_embeddings": 8}
    words = [f"--set={key}={value}" for key, value in sizes.items()]
    assert lazycell("init", "BertModel", "--seed=1", "-o", name, *words).status == 0
    config = {"model_type": "bert", "architectures": ["BertModel"], **sizes, "sharpened": 2, "stretched": "wide"}
    (tmp_path / "config.json").write_text(json.dumps(config))
    done = lazycell("check", str(tmp_path), name)
    assert done.status == 2
    assert "--ignore-config sharpened --ignore-config stretched" in done.stderr
    done = lazycell("check", str(tmp_path), name, "--ignore-config", "sharpened", "--ignore-config", "stretched")
    assert done.status == 0
    assert "\nignored config: sharpened, stretched\n" in done.stdout
    done = lazycell(
        "check", str(tmp_path), name, "--ignore-config", "sharpened", "--ignore-config", "stretched", "--json"
    )
    assert json.loads(done.stdout)["ignored_config"] == ["sharpened", "stretched"]
