"""Names that strangers chose, in files and of files: no command prints what a terminal obeys, or ends a line with one."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from lazycell.layout._entry import ManifestEntry
from lazycell.manifest._manifest import Manifest

from ..saving.saved import save_arrays
from .command import Done, lazycell
from .zoo import make_zoo

EVIL = "evil\nFORGED\x1b[31m\r\u202e\u2028\x7f"
"""The end of a line, and what a terminal obeys; whatever a line begins with is lazycell's."""

LONG = "w" * 20_000

_COMMANDS = {
    "show": "show {manifest}",
    "show, table": "show {manifest} --table",
    "show, Markdown": "show {manifest} --markdown",
    "show, sizes": "show {manifest} --by module",
    "show, a page": "show {manifest} --html {made}.html",
    "show, no such": "show {directory}/no{evil}.json",
    "show, no such name": "show no{evil}",
    "show, no such class": "show toyzoo.toy:No{evil}",
    "show, of a config": "show toy --config {config}",
    "show, set": "show toy-small --set {evil}=3",
    "manifest": "manifest {manifest}",
    "manifest, Markdown": "manifest {manifest} --markdown",
    "manifest, broken": "manifest {broken}",
    "manifest, gate": "manifest --check {evil}",
    "diff": "diff {manifest} {file}",
    "diff, Markdown": "diff {manifest} {file} --markdown",
    "check": "check {manifest} {file}",
    "check, ignored": "check {manifest} {file} --missing init --unexpected ignore",
    "check, of a class": "check toy-small {file}",
    "check, renamed": "check toy-small {file} --rename {evil}=a --rename {evil}=b",
    "plan": "plan {manifest} {file} --mesh dp=2",
    "plan, of a rank": "plan {manifest} {file} --mesh dp=2 --rank 1 --missing init --unexpected ignore",
    "plan, of all ranks": "plan {manifest} {file} --mesh dp=2 --missing init --unexpected ignore",
    "plan, another axis": "plan {manifest} {file} --mesh {evil}=2",
    "check, cut": "check toy-small {cut}",
    "check, cut .ckpt": "check toy-small {cut_ckpt}",
    "inspect": "inspect {file}",
    "inspect, all": "inspect {file} --all",
    "inspect, a directory": "inspect {directory}",
    "inspect, cut": "inspect {cut}",
    "infer": "infer toy-small {file}",
    "draft": "draft {file}",
    "draft, to a file": "draft {directory} -o {made}.py --name M",
    "draft, named": "draft {file} --name {evil}",
    "convert": "convert {file} {made}.safetensors",
    "convert, to .ckpt": "convert {file} {made}.ckpt",
    "convert, rules": "convert {file} {made}.2.safetensors --rename {evil}=b",
    "convert, refused": "convert {file} {made}.zip",
    "init": "init toy-small --seed 0 -o {made}.3.safetensors",
    "verify": "verify {made}.safetensors {made}.ckpt {file} {cut}",
    "verify, damaged": "verify {damaged}",
    "migrate": "migrate toy-small --from {manifest} --reason {evil} --dry-run",
    "models": "models {evil}",
    "no command": "{evil}",
    "no option": "show --{evil}",
}


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Done]:
    """What each command says of files whose names, and all that is in them, are a stranger's."""
    zoo = make_zoo(tmp_path_factory.mktemp("strangers"))
    directory = zoo.root / f"model{EVIL}"
    directory.mkdir()
    places = {"evil": EVIL, "directory": directory, "made": directory / f"made{EVIL}"}
    for name in ("file", "cut", "cut_ckpt", "damaged"):
        places[name] = directory / f"{name}{EVIL}.{'ckpt' if name == 'cut_ckpt' else 'safetensors'}"
    arrays = {
        EVIL: np.zeros((2, 8), np.float32),
        f"blocks.0.{EVIL}": np.zeros(3, np.float16),
        LONG: np.zeros(1, np.float32),
    }
    save_arrays(places["file"], arrays, metadata={EVIL: EVIL, "format": "pt"})
    save_arrays(directory / "model.safetensors", arrays)
    content = places["file"].read_bytes()
    places["cut"].write_bytes(content[:-1])
    places["cut_ckpt"].write_bytes(b"\x0a\xff\xff\xff\x7f\x0a\x30" + EVIL.encode())
    saved = directory / "whole.safetensors"
    from lazycell.saving import convert

    convert(places["file"], saved)
    damaged = bytearray(saved.read_bytes())
    damaged[-1] ^= 1
    shutil.copy(saved, places["damaged"])
    places["damaged"].write_bytes(damaged)
    config = {"model_type": "toy", "architectures": [f"Toy{EVIL}"], "width": 8, "layers": 1, EVIL: EVIL, LONG: LONG}
    places["config"] = directory / "config.json"
    places["config"].write_text(json.dumps(config))
    entries = tuple(ManifestEntry(name, (2, 8), "float32", "zeros") for name in (EVIL, f"blocks.0.{EVIL}", "w"))
    ties = {f"tied.{EVIL}": EVIL}
    text = Manifest(f"Net{EVIL}", entries, ties, hyperparameters={EVIL: EVIL}).to_json()
    for name, content_of in (("manifest", text), ("broken", text.replace('"float32"', '"\\u001b[31m"'))):
        places[name] = directory / f"{name}{EVIL}.json"
        places[name].write_text(content_of)
    commands = [[word.format(**places) for word in line.split(" ")] for line in _COMMANDS.values()]
    return {name: lazycell(*words, **zoo.environment) for name, words in zip(_COMMANDS, commands, strict=True)}


@pytest.mark.parametrize("name", _COMMANDS)
def test_no_command_prints_what_a_terminal_obeys(answers: dict[str, Done], name: str) -> None:
    done = answers[name]
    said = done.stdout + done.stderr
    assert "Traceback" not in said
    assert "evil" in said or "www" in said or name in ("init",)
    odd = {letter for letter in said if letter != "\n" and not letter.isprintable()}
    assert not odd, said
    assert not [line for line in said.split("\n") if line.lstrip().startswith("FORGED")], said


@pytest.mark.parametrize("name", _COMMANDS)
def test_a_name_of_20_000_letters_fills_no_screen(answers: dict[str, Done], name: str) -> None:
    done = answers[name]
    assert max(map(len, (done.stdout + done.stderr).split("\n"))) < 5_000


def test_both_ends_of_a_long_name_are_told_and_how_long_it_is(answers: dict[str, Done]) -> None:
    assert f"{'w' * 160}…(20,000 characters)…{'w' * 99}: float32 (1,)" in answers["check"].stdout
