"""`lazycell plan`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from lazycell.manifest._grouping import places_on
from lazycell.manifest._manifest import Manifest
from lazycell.mesh import Mesh

from ..manifest.ranked import Ranked
from ..pure import manifest
from .command import lazycell, without
from .terminal import in_terminal

AXES = "tp=2,pp=3,ep=2"


@pytest.fixture
def model() -> Manifest:
    """Give the model that is divided in every way."""
    return manifest(Ranked)


@pytest.fixture
def files(tmp_path: Path, model: Manifest) -> tuple[str, str]:
    """Write the manifest, and a checkpoint in half precision, whose layers have a file each."""
    (tmp_path / "net.json").write_text(model.to_json(collapsed=True))
    (tmp_path / "net").mkdir()
    names = {entry.name: name_of_file(entry.name) for entry in model}
    for name in set(names.values()):
        save_file({each: zeros(model, each) for each in names if names[each] == name}, tmp_path / "net" / name)
    (tmp_path / "net" / "model.safetensors.index.json").write_text(json.dumps({"weight_map": names}))
    return str(tmp_path / "net.json"), str(tmp_path / "net")


def name_of_file(parameter: str) -> str:
    """Give the file that a parameter is in."""
    parts = parameter.split(".")
    return f"layer-{parts[1]}.safetensors" if parts[0] == "layers" else "others.safetensors"


def zeros(model: Manifest, name: str) -> Any:
    """Give a tensor of half the model's precision."""
    return np.zeros(model[name].shape, np.float16)


def answer(*words: str) -> Mapping[str, Any]:
    """Run the command, and give its JSON."""
    done = lazycell("plan", *words, "--json")
    assert (done.status, done.stderr) == (0, "")
    found: Mapping[str, Any] = json.loads(done.stdout)
    return found


def test_one_rank(files: tuple[str, str], model: Manifest) -> None:
    """Its plan, with its part of each parameter; the files that it opens; what it reads and holds, and where it is."""
    mesh = Mesh(tp=2, pp=3, ep=2, rank=3)
    found = answer(*files, "--mesh", AXES, "--rank", "3")
    places = places_on(model, mesh)
    whole = {name: list(model[name].shape) for name in places}
    assert {step["parameter"]: step.get("whole", step["shape"]) for step in found["plan"]["steps"]} == whole
    own = model.sizes(mesh=mesh).rank.own  # type: ignore[union-attr]
    assert own is not None
    assert (found["rank"], found["coordinates"]) == (3, {"tp": 0, "pp": 1, "ep": 1})
    assert (found["bytes"], found["parameters"], found["elements"]) == (own.nbytes, len(places), own.elements)
    assert found["read_bytes"] * 2 == own.nbytes
    assert [Path(each).name for each in found["files"]] == ["layer-1.safetensors", "layer-2.safetensors"]
    text = lazycell("plan", *files, "--mesh", AXES, "--rank", "3").stdout
    assert "layers.{1..2}.mlp.experts.{3..5}.up.weight    (12, 6) of (24, 6)  float16 -> float32" in text
    assert "rank 3 of 12, at tp=0, pp=1, ep=1:" in text
    assert "out of 2 of 6 files" in text
    assert f"Ranked fits {files[1]}/model.safetensors.index.json on this mesh" in text


def test_all_ranks(files: tuple[str, str], model: Manifest) -> None:
    """Those that hold as much are one line; together they are all ranks, and hold what each holds by itself."""
    found = answer(*files, "--mesh", AXES)
    sizes = [model.sizes(mesh=Mesh(tp=2, pp=3, ep=2, rank=rank)).rank.own for rank in range(12)]  # type: ignore[union-attr]
    assert sum(kind["ranks"] for kind in found["kinds"]) == found["ranks"] == len(sizes)
    assert found["all_hold_bytes"] == sum(each.nbytes for each in sizes if each is not None)
    assert found["all_read_bytes"] * 2 == found["all_hold_bytes"]
    firsts = {kind["first"]: (kind["bytes"], kind["parameters"]) for kind in found["kinds"]}
    assert firsts == {
        rank: (each.nbytes, each.parameters) for rank, each in enumerate(sizes) if each and rank in firsts
    }
    assert [kind["where"] for kind in found["kinds"]] == ["pp=0", "pp=1", "pp=2"]
    lines = lazycell("plan", *files, "--mesh", AXES).stdout.splitlines()
    assert lines[0] == "Ranked on 12 ranks, mesh tp=2, pp=3, ep=2:"
    assert [line.split()[:3] for line in lines[2:5]] == [["4", "0", "pp=0"], ["4", "2", "pp=1"], ["4", "4", "pp=2"]]
    assert max(map(len, lines[:-1])) <= 80


def test_ranks_that_hold_the_same(files: tuple[str, str]) -> None:
    """One line, without a place; and what is left whole is held by all."""
    lines = lazycell("plan", *files, "--mesh", "dp=2,tp=2").stdout.splitlines()
    assert lines[1].split() == ["ranks", "first", "parameters", "holds", "reads"]
    assert lines[2].split()[:3] == ["4", "0", "72"]
    whole = answer(*files, "--mesh", "tp=2", "--whole", "vocab")["kinds"][0]["elements"]
    assert whole == answer(*files, "--mesh", "tp=2")["kinds"][0]["elements"] + 2 * 48 * 6 // 2


def test_a_checkpoint_that_does_not_fit(files: tuple[str, str], tmp_path: Path) -> None:
    """Status 1, and why, as `check` says it."""
    save_file({"norm": np.zeros(6, np.float32)}, tmp_path / "other.safetensors")
    done = lazycell("plan", files[0], str(tmp_path / "other.safetensors"), "--mesh", "tp=2")
    assert (done.status, done.stderr) == (1, "")
    assert done.stdout == lazycell("check", files[0], str(tmp_path / "other.safetensors")).stdout
    done = lazycell("plan", files[0], str(tmp_path / "other.safetensors"), "--mesh", "tp=2", "--json")
    assert (done.status, json.loads(done.stdout)["fits"]) == (1, False)
    given = answer(files[0], str(tmp_path / "other.safetensors"), "--mesh", "pp=2", "--missing", "init")
    assert [kind["filled"] for kind in given["kinds"]] == [0, 1]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--mesh", "tp=5"), "Ranked: vocab=48 cannot be divided into 5 equal parts, one for each rank along 'tp'"),
        (("--mesh", "tq=2"), "along which nothing of Ranked is divided (did you mean 'tp'?); its axes: tp, pp, ep"),
        (("--mesh", "tp=2", "--rank", "2"), "--rank 2: the mesh has the ranks 0 to 1"),
        (("--mesh", "rank=2"), "no axis can be called rank"),
        (("--mesh", "tp"), "--mesh tp: write a name and a size for each axis, --mesh tp=8,dp=2"),
        (("--mesh", "tp=2", "--whole", "vocabs"), "--whole vocabs: no hyperparameter of Ranked that ranks divide; did"),
        ((), "Missing option '--mesh'. Write --mesh AXIS=N,..."),
    ],
)
def test_wrong_usage(files: tuple[str, str], words: tuple[str, ...], told: str) -> None:
    """Status 2, before any file is opened."""
    done = lazycell("plan", files[0], "gone.safetensors", *words)
    assert (done.status, done.stdout) == (2, "")
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_what_no_rank_has(tmp_path: Path) -> None:
    """A list on stages, inside what is on another stage alone: that is said."""
    document = json.loads(manifest(Ranked).to_json())
    document["owners"]["layers.0.attention"] = {"axis": "pp", "at": [1]}
    (tmp_path / "net.json").write_text(json.dumps(document))
    save_file(
        {entry.name: zeros(manifest(Ranked), entry.name) for entry in manifest(Ranked)}, tmp_path / "n.safetensors"
    )
    done = lazycell("plan", str(tmp_path / "net.json"), str(tmp_path / "n.safetensors"), "--mesh", "pp=2")
    assert "no rank has 2 parameters: layers.0.attention.qkv, layers.0.attention.out.weight" in done.stdout.splitlines()


def test_it_needs_neither_mindspore_nor_numpy(files: tuple[str, str]) -> None:
    """For a manifest and files of safetensors."""
    for words in ((), ("--rank", "1")):
        done = lazycell("plan", *files, "--mesh", AXES, *words, first=without("mindspore", "numpy"))
        assert (done.status, done.stderr) == (0, "")


def test_in_a_terminal(files: tuple[str, str]) -> None:
    """A table fits 80 columns."""
    shown = in_terminal("plan", *files, "--mesh", AXES, columns=80)
    assert shown.status == 0
    assert next(line.split() for line in shown.screen.splitlines() if "pp=2" in line)[:3] == ["4", "4", "pp=2"]
