"""What is wrong with what was asked for: said in words, with what was meant, and as JSON for whoever asked for that."""

from __future__ import annotations

import inspect
import json
import re
from pathlib import Path
from typing import Any, Optional

import click
import pytest

from lazycell._dtypes import dtype_name
from lazycell.cli import main
from lazycell.cli._main import _COMMANDS
from lazycell.cli._setting_types import check_types

from ..mismatch.transformer import model


@pytest.mark.parametrize(
    ("words", "kind", "told"),
    [
        ("show gone.json", "UsageError", "there is no file gone.json"),
        ("plan bert-tiny x.safetensors", "MissingParameter", "Write --mesh AXIS=N,..."),
        ("check {net} gone.safetensors", "FileNotFoundError", "there is no checkpoint at gone.safetensors"),
        ("diff {net} {net} --markdown", "UsageError", "--json and --markdown: choose one"),
        ("inspect {odd}", "CheckpointFormatError", "odd.safetensors"),
        ("show {net} --optimizer adm", "UsageError", '(did you mean "adam"?)'),
        ("show {net} --html {odd}/x.html", "UsageError", "choose one"),
        ("show", "MissingParameter", "Missing argument 'MODEL'"),
        ("shwo {net}", "UsageError", "did you mean `show`?"),
    ],
)
def test_trouble_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str], words: str, kind: str, told: str) -> None:
    """One object on stdout, status 2, and stderr as without it."""
    (tmp_path / "net.json").write_text(model().to_json(collapsed=True))
    (tmp_path / "odd.safetensors").write_bytes(b"x" * 100)
    line = words.format(net=tmp_path / "net.json", odd=tmp_path / "odd.safetensors").split()
    assert main([*line, "--json"]) == 2
    answered = capsys.readouterr()
    found = json.loads(answered.out)
    assert {*found} == {"error", "message", "status"}
    assert (found["error"], found["status"]) == (kind, 2)
    assert told in found["message"]
    assert found["message"].split("\n")[0] in answered.err
    if kind != "UsageError":
        assert main(line) == 2
        assert capsys.readouterr() == ("", answered.err)


@pytest.mark.parametrize("command", _COMMANDS)
def test_each_command_states_its_exit_statuses(capsys: pytest.CaptureFixture[str], command: str) -> None:
    """In its help; 2 is always trouble."""
    assert main([command, "--help"]) == 0
    stated = re.search(r"Exit status: ((?s:.*))", capsys.readouterr().out)
    assert stated is not None
    assert re.match(r"0 .*2 trouble", " ".join(stated[1].split()))


def test_a_hub_id_that_is_misspelt(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The near one that the cache has."""
    (tmp_path / "models--google-bert--bert-base-uncased").mkdir()
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    assert main(["inspect", "google-bert/bert-base-uncasd"]) == 2
    assert "; did you mean `google-bert/bert-base-uncased`?" in capsys.readouterr().err
    assert main(["inspect", "google-bert/bert-base-uncased"]) == 2
    assert "did you mean" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("written", "meant"),
    [("flaot16", "float16"), ("fp16", "float16"), ("bf16", "bfloat16"), ("half", "float16"), ("double", "float64")],
)
def test_a_dtype_that_is_misspelt(written: str, meant: str) -> None:
    """Or is called so elsewhere."""
    with pytest.raises(TypeError, match=rf'\(did you mean "{meant}"\?\)'):
        dtype_name(written)


def _takes(
    size: int = 64,
    rate: float = 0.1,
    flag: bool = True,
    name: str = "gelu",
    shape: tuple[int, ...] = (1,),
    limit: int | None = None,
    anything: Any = 1,
    unset: int = None,  # type: ignore[assignment]  # noqa: RUF013
) -> None: ...


TAKES = inspect.signature(_takes).parameters


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("size", "abc", "--set size=abc: 'abc' is no int, which size is declared to be: write --set size=64, say"),
        ("size", 1.5, "'1.5' is no int"),
        ("size", True, "'true' is no int"),
        ("size", None, "'null' is no int"),
        ("rate", "fast", "'fast' is no float"),
        ("flag", "maybe", "'maybe' is no bool, which flag is declared to be: write --set flag=true, say"),
        ("flag", 1, "'1' is no bool"),
        ("limit", "abc", "is no int or None"),
        ("name", [1], "is no str"),
    ],
)
def test_a_value_of_another_type(name: str, value: object, told: str) -> None:
    """It is said which one was declared, and what to write."""
    with pytest.raises(click.UsageError) as caught:
        check_types(TAKES, {name: value})
    assert told in caught.value.message


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[("size", 3), ("rate", 1), ("rate", 1e-3), ("flag", False), ("name", "x"), ("name", 7), ("shape", "abc")],
        *[("limit", None), ("limit", 3), ("anything", "x"), ("unset", None), ("unknown", "x")],
    ],
)
def test_a_value_that_may_be(name: str, value: object) -> None:
    """A whole number is a float, a text may be digits; what is no number, bool or text is not looked at."""
    check_types(TAKES, {name: value})


@pytest.mark.parametrize("annotation", [int, "int", "int | None", int | None, Optional[int]])  # noqa: UP045
def test_annotations_of_each_kind(annotation: object) -> None:
    """As text, as `from __future__ import annotations` has them, and as types."""
    takes = {"size": inspect.Parameter("size", inspect.Parameter.KEYWORD_ONLY, annotation=annotation)}
    check_types(takes, {"size": 3})
    with pytest.raises(click.UsageError, match="'abc' is no int"):
        check_types(takes, {"size": "abc"})


def test_a_converter_takes_what_it_likes() -> None:
    """It is its work to say what is wrong."""
    check_types(TAKES, {"size": "abc"}, frozenset({"size"}))


def test_an_id_that_presets_come_from(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Misspelt it is corrected; of one that is right, the preset is named, which needs no file."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    assert main(["show", "Qwen/Qwen3-0.6"]) == main(["show", "Qwen/Qwen3-0.6B"]) == 2
    misspelt, right = capsys.readouterr().err.splitlines()
    assert misspelt.endswith("; did you mean `Qwen/Qwen3-0.6B`?")
    assert right.endswith("; without it, `qwen3-0.6b` is that model")
