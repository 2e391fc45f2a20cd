"""Pages of `check`, `inspect`, `diff` and `show`: what is on them, and what is said of them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest

from lazycell import Manifest
from lazycell.cli import main
from lazycell.viewer._data import MARKS

from ..mismatch.transformer import model
from ..saving.saved import save_arrays
from .command import ROOT, lazycell
from .test_inspect import heavy

WROTE = re.compile(r"wrote page\.html, [\d.]+ kB: a page that any browser opens, without a network")
NET = model(n_layers=2)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write the manifest of the transformer, and go there: what users type are short names."""
    (tmp_path / "net.json").write_text(NET.to_json())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def arrays(net: Manifest = NET, dtype: str = "float32", prefix: str = "") -> dict[str, Any]:
    """Give the arrays of a checkpoint of the transformer."""
    return {prefix + entry.name: np.zeros(entry.shape, dtype) for entry in net}


def page() -> dict[str, Any]:
    """Read what the page holds."""
    found = re.search(r'id="data"[^>]*>(.*?)</script>', Path("page.html").read_text(), re.S)
    assert found is not None
    held: dict[str, Any] = json.loads(found[1])
    return held


def marks(held: Mapping[str, Any]) -> dict[str, list[str]]:
    """Give the marks of each row that has any."""
    rows = held["rows"]
    names = [held["prefixes"][a] + held["words"][b] for a, b in zip(rows["prefix"], rows["word"], strict=True)]
    return {
        name: [mark for bit, mark in enumerate(MARKS) if bits & (1 << bit)]
        for name, bits in zip(names, rows["marks"], strict=True)
        if bits
    }


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """Run the command here, with a page; give the status, and what it printed."""
    status = main([*words, "--html", "page.html"])
    return status, *capsys.readouterr()


class TestCheck:
    def test_a_checkpoint_that_fits_has_no_mark(self, capsys: pytest.CaptureFixture[str]) -> None:
        """Both are named as they were typed, with as much on either side."""
        save_arrays(Path("net.safetensors"), arrays())
        status, out, err = run(capsys, "check", "net.json", "net.safetensors")
        *_, verdict, wrote = out.splitlines()
        assert (status, err, verdict) == (0, "", "Net fits net.safetensors")
        assert WROTE.fullmatch(wrote)
        held = page()
        assert [side["name"] for side in held["sides"]] == ["Net (net.json)", "net.safetensors"]
        assert (marks(held), held["same"]) == ({}, True)
        assert held["growth"] == {"parameters": 0, "elements": 0, "nbytes": 0, "percent": 0}
        assert held["notes"][0].startswith(f"fits: {len(NET)} parameters are filled")

    def test_it_is_as_a_load_finds_it(self, capsys: pytest.CaptureFixture[str]) -> None:
        """Under the names after a rename, cast, with what may be missing and what is passed over."""
        lacking = {name: array for name, array in arrays(dtype="float16", prefix="old.").items() if "class" not in name}
        save_arrays(Path("net.safetensors"), lacking | {"old.more": np.zeros(3, np.float32)})
        policies = ("--rename", "old.{*rest}={*rest}", "--missing", "classifier.*", "--unexpected", "old.more")
        status, _, _ = run(capsys, "check", "net.json", "net.safetensors", *policies)
        held = page()
        assert status == 0
        head = {entry.name for entry in NET if entry.name.startswith("classifier.")}
        assert marks(held) == {
            **{entry.name: ["removed"] if entry.name in head else ["retyped"] for entry in NET},
            "old.more": ["added"],
        }
        assert f"{len(NET) - len(head)} of them from tensors of another name or form" in held["notes"]
        assert "left to initializers: classifier.weight, classifier.bias" in held["notes"]
        assert "ignored, as nothing needs it: old.more" in held["notes"]

    def test_what_is_taken_in_the_files_dtype_is_no_difference(self, capsys: pytest.CaptureFixture[str]) -> None:
        save_arrays(Path("net.safetensors"), arrays(dtype="float16"))
        assert run(capsys, "check", "net.json", "net.safetensors", "--cast", "checkpoint")[0] == 0
        assert marks(page()) == {}

    def test_a_checkpoint_that_does_not_fit(self, capsys: pytest.CaptureFixture[str]) -> None:
        """Missing, unexpected and of another shape are as many as the command says, with the cause and what to do."""
        held = arrays(model(n_layers=3))
        first, *_, last = NET.entries
        held[first.name] = np.zeros((*first.shape[:-1], first.shape[-1] + 1), np.float32)
        del held[last.name]
        save_arrays(Path("net.safetensors"), held)
        status, out, err = run(capsys, "check", "net.json", "net.safetensors", "--json")
        assert status == 1
        assert WROTE.fullmatch(err.strip())
        kinds = {"missing": ["removed"], "unexpected": ["added"], "shape": ["reshaped"]}
        problems = json.loads(out)["problems"]
        assert {each["kind"] for each in problems} == {*kinds}
        assert marks(page()) == {each["name"]: kinds[each["kind"]] for each in problems}
        verdict, *notes = page()["notes"]
        assert verdict == json.loads(out)["message"].split("\n")[0].replace(
            "net.safetensors does not fit Net", "does not fit"
        )
        assert [note for note in notes if note.startswith("likely cause: the checkpoint has 3 layers")]
        assert "what to do: make the manifest with --set n_layers=3" in notes

    def test_an_adapter_that_does_not_go_with_it(self, capsys: pytest.CaptureFixture[str]) -> None:
        """There is no plan: the page has the checkpoint as it is, and the refusal."""
        save_arrays(Path("net.safetensors"), arrays())
        Path("adapter").mkdir()
        config = {"peft_type": "LORA", "r": 2, "lora_alpha": 2, "target_modules": ["gone"]}
        Path("adapter/adapter_config.json").write_text(json.dumps(config))
        lora = {"a": np.zeros((2, 4), np.float32), "b": np.zeros((4, 2), np.float32)}
        named = {f"base_model.model.gone.lora_{each.upper()}.weight": array for each, array in lora.items()}
        save_arrays(Path("adapter/adapter_model.safetensors"), named)
        status, out, _ = run(capsys, "check", "net.json", "net.safetensors", "--adapter", "adapter")
        assert status == 1
        assert marks(page()) == {}
        assert page()["notes"][0].startswith("does not fit: ")
        assert "gone" in page()["notes"][0]
        assert WROTE.fullmatch(out.splitlines()[-1])


class TestInspect:
    def test_all_files_of_a_directory_are_one_model(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        Path("net").mkdir()
        save_arrays(Path("net/model.safetensors"), arrays(), max_shard_size=2000)
        assert len([*Path("net").glob("*.safetensors")]) > 1
        status, out, err = run(capsys, "inspect", "net/")
        assert (status, err) == (0, "")
        assert WROTE.fullmatch(out.splitlines()[-1])
        (side,) = page()["sides"]
        assert (side["name"], side["parameters"], side["nbytes"]) == ("net/", len(NET), NET.nbytes)
        assert str(folder) not in Path("page.html").read_text()

    def test_stdout_is_json_alone(self, capsys: pytest.CaptureFixture[str]) -> None:
        save_arrays(Path("net.safetensors"), arrays())
        status, out, err = run(capsys, "inspect", "net.safetensors", "--json")
        assert (status, json.loads(out)["totals"]["tensors"]) == (0, len(NET))
        assert WROTE.fullmatch(err.strip())

    def test_nothing_that_takes_long_is_imported(self, folder: Path) -> None:
        save_arrays(folder / "net.safetensors", arrays())
        assert heavy("inspect", str(folder / "net.safetensors"), "--html", str(folder / "page.html")) == []

    def test_an_adapter(self, capsys: pytest.CaptureFixture[str]) -> None:
        Path("adapter").mkdir()
        config = {"peft_type": "LORA", "r": 2, "lora_alpha": 2, "target_modules": ["q"]}
        Path("adapter/adapter_config.json").write_text(json.dumps(config))
        named = {f"base_model.model.q.lora_{each}.weight": np.zeros((2, 2), np.float32) for each in "AB"}
        save_arrays(Path("adapter/adapter_model.safetensors"), named)
        status, out, _ = run(capsys, "inspect", "adapter")
        assert status == 0
        assert page()["sides"][0]["parameters"] == 2
        assert WROTE.fullmatch(out.splitlines()[-1])


class TestDiffAndShow:
    @pytest.mark.parametrize(("form", "aside"), [((), False), (("--json",), True), (("--markdown",), True)])
    def test_diff_says_what_it_wrote(
        self, capsys: pytest.CaptureFixture[str], form: tuple[str, ...], aside: bool
    ) -> None:
        """Where stdout is a document, on stderr."""
        Path("three.json").write_text(model(n_layers=3).to_json())
        status, out, err = run(capsys, "diff", "net.json", "three.json", *form)
        assert status == 1
        lines = err.splitlines() if aside else out.splitlines()
        assert WROTE.fullmatch(lines[-1])
        assert ("wrote" in out) == (not aside)

    def test_both_sides_in_text_json_and_on_the_page_take_as_much(self, capsys: pytest.CaptureFixture[str]) -> None:
        old, new = NET, model(n_layers=3)
        Path("three.json").write_text(new.to_json())
        _, out, _ = run(capsys, "diff", "net.json", "three.json", "--json")
        found, held = json.loads(out), page()
        more = len(new) - len(old), new.size - old.size, new.nbytes - old.nbytes
        percent = 100 * more[2] / old.nbytes
        assert tuple(found["growth"][name] for name in ("parameters", "elements", "bytes")) == more
        assert found["growth"]["percent"] == held["growth"]["percent"] == percent
        assert tuple(held["growth"][name] for name in ("parameters", "elements", "nbytes")) == more
        for side, name, net in (("old", "net.json", old), ("new", "three.json", new)):
            told = found[side]
            assert (told["parameters"], told["elements"], told["bytes"]) == (len(net), net.size, net.nbytes)
            assert told["source"] == name
        main(["diff", "net.json", "three.json"])
        text = capsys.readouterr().out
        assert f"old: {len(old)} parameters, {old.size:,} elements, " in text
        assert f"(+{more[0]} parameters, +{more[1]:,} elements, +" in text
        assert f"kB, +{percent:.1f}%)" in text
        main(["diff", "three.json", "net.json", "--markdown"])
        assert f"(-{more[0]} parameters, -{more[1]:,} elements, -" in capsys.readouterr().out

    @pytest.mark.parametrize("held", [False, True], ids=["the file lacks it", "the file holds it"])
    def test_what_the_command_does_not_see_has_no_mark(self, capsys: pytest.CaptureFixture[str], held: bool) -> None:
        """A computed buffer, and the second name of a tie."""
        net = attrs.evolve(NET, ties={"second": NET.entries[0].name}, computed=frozenset({"positions"}))
        Path("net.json").write_text(net.to_json())
        first = np.zeros(NET.entries[0].shape, np.float32)
        more = {"second": first, "positions": np.zeros(5, np.int64)} if held else {}
        save_arrays(Path("net.safetensors"), arrays() | more)
        for command in (
            ("diff", "net.json", "net.safetensors"),
            ("diff", "net.safetensors", "net.json"),
            ("show", "net.json", "--against", "net.safetensors"),
            ("check", "net.json", "net.safetensors"),
        ):
            assert run(capsys, *command)[0] == 0
            assert (marks(page()), page()["same"]) == ({}, True), command
            assert page()["growth"]["nbytes"] == 0

    def test_show_names_the_preset_and_the_file(self, capsys: pytest.CaptureFixture[str]) -> None:
        save_arrays(Path("net.safetensors"), arrays())
        status, out, _ = run(capsys, "show", "net.json", "--against", "./net.safetensors")
        assert status == 0
        assert WROTE.fullmatch(out.strip())
        assert "<title>Net (net.json) &#8594; ./net.safetensors</title>" in Path("page.html").read_text()

    def test_a_preset_beside_its_published_file(self, folder: Path) -> None:
        """Which has another head, the base below a prefix, and what the model computes: the page is as `diff` says."""
        manifest = Manifest.from_json((ROOT / "models/manifests/bert-tiny.json").read_bytes())
        published = arrays(manifest, prefix="bert.") | {"bert.embeddings.position_ids": np.zeros((1, 512), np.int64)}
        save_arrays(Path("head.safetensors"), published | {"cls.predictions.bias": np.zeros(30522, np.float32)})
        words = ("--against", str(folder / "head.safetensors"), "--html", str(folder / "page.html"))
        assert lazycell("show", "bert-tiny", *words).status == 0
        held = page()
        assert held["sides"][0]["name"] == "BertModel (bert-tiny)"
        assert (marks(held), held["growth"]["nbytes"]) == ({}, 0)


class TestWhereItMayBe:
    COMMANDS = (
        ("show", "net.json"),
        ("diff", "net.json", "net.json"),
        ("check", "net.json", "net.safetensors"),
        ("inspect", "net.safetensors"),
    )

    @pytest.mark.parametrize("command", COMMANDS, ids=lambda words: words[0])
    def test_what_is_no_page_stays(self, capsys: pytest.CaptureFixture[str], command: tuple[str, ...]) -> None:
        """A checkpoint, what is held against it, a directory; before anything else is done."""
        save_arrays(Path("net.safetensors"), arrays())
        before = Path("net.safetensors").read_bytes()
        for out, told in (
            ("net.safetensors", "--html net.safetensors: that file is there, and it is no page: give another name"),
            ("net.json", "--html net.json: that file is there, and it is no page"),
            ("-", "--html -: a page goes into a file, which a browser opens: write --html model.html"),
            (".", "--html . is a directory: give the name of a file, model.html"),
            ("gone/page.html", "gone/page.html: No such file or directory"),
        ):
            assert main([*command, "--html", out]) == 2
            stdout, stderr = capsys.readouterr()
            assert stdout == ""
            assert told in " ".join(stderr.split())
        assert Path("net.safetensors").read_bytes() == before

    @pytest.mark.parametrize("command", COMMANDS, ids=lambda words: words[0])
    def test_a_page_is_replaced_and_so_is_an_empty_file(
        self, capsys: pytest.CaptureFixture[str], command: tuple[str, ...]
    ) -> None:
        save_arrays(Path("net.safetensors"), arrays())
        Path("page.html").touch()
        assert run(capsys, *command)[0] == 0
        Path("page.html").write_text("<!doctype html>old")
        assert run(capsys, *command)[0] == 0
        assert "old" not in Path("page.html").read_text()[:100]

    def test_names_of_strangers_are_printed_as_escapes(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["show", "net.json", "--html", "a\x1b[2J\n.html"]) == 0
        out = capsys.readouterr().out
        assert "wrote a\\x1b[2J\\n.html, " in out
        assert "\x1b" not in out
