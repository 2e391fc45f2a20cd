"""The zoo is found whatever stands beside a script, and no class of it is there twice."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import lazycell

ROOT = Path(lazycell.__file__).parents[1]


def python(directory: Path, code: str, *arguments: str) -> str:
    """Run Python in a directory that is first on the path, and give what it prints."""
    done = subprocess.run(
        [sys.executable, *(arguments or ("-c", code))],
        cwd=directory,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


@pytest.fixture(params=["models.py", "models/__init__.py"])
def beside(request, tmp_path):
    """A directory with a `models` of the user's."""
    path = tmp_path / request.param
    path.parent.mkdir(exist_ok=True)
    path.write_text("MINE = 'mine'\n")
    return tmp_path


def test_the_command_finds_the_zoo_beside_a_models_of_the_user(beside):
    """Families, presets and committed manifests are those of the zoo."""
    assert "4,385,920 elements" in python(beside, "", "-m", "lazycell", "show", "bert-tiny")
    assert "BertModel" in python(beside, "", "-m", "lazycell", "models", "bert-tiny", "--json")
    text = python(beside, "", "-m", "lazycell", "show", "models.bert:BertModel")
    assert f"{beside / 'models'}" in text
    assert "write lazycell.zoo.bert:BertModel" in text


def test_both_models_are_in_one_process(beside):
    """The user's keeps its name, before and after; the zoo's classes are one each, by either way, pickled too."""
    answer = python(
        beside,
        "import pickle, sys, lazycell\n"
        "cls = lazycell.find_model('bert', 'BertModel')\n"
        "import models; from lazycell.zoo.bert import BertModel; from lazycell.zoo import generate\n"
        "net = pickle.loads(pickle.dumps(cls))\n"
        "print(models.MINE, cls is BertModel is net, cls.__module__, lazycell.find_model('bert', 'BertModel') is cls,\n"
        "      generate.__name__, lazycell.find_model('roberta').__module__)\n",
    )
    assert answer.split() == ["mine", "True", "lazycell.zoo.bert", "True", "generate", "lazycell.zoo.roberta"]


def test_what_is_not_hidden_has_one_name(tmp_path):
    """`lazycell.zoo.bert` is the module `models.bert`, whichever is imported first, and its own name stays."""
    for first, second in (("lazycell.zoo.bert", "models.bert"), ("models.bert", "lazycell.zoo.bert")):
        answer = python(
            tmp_path,
            f"import sys, {first}, {second}, lazycell\n"
            "one, two = sys.modules['models.bert'], sys.modules['lazycell.zoo.bert']\n"
            "print(one is two, one.__name__, one.__spec__.name, lazycell.find_model('bert').__module__)\n",
        )
        assert answer.split() == ["True", "models.bert", "models.bert", "models.bert"]


def test_a_path_that_changes_gives_no_class_twice(beside):
    """Who makes the zoo visible after it was imported under its other name is told so, not given other classes."""
    answer = python(
        beside,
        "import sys, lazycell\n"
        "lazycell.find_model('bert')\n"
        "sys.path.remove('')\n"
        "print(lazycell.find_model('gpt2').__module__)\n"
        "import models.bert\n",
    )
    assert answer.startswith("lazycell.zoo.gpt2\n")
    assert "RegistryError" in answer
    assert "is registered twice: by lazycell.zoo.bert.BertModel and by models.bert.BertModel" in answer


def test_another_package_that_is_hidden_is_told_with_what_hides_it(tmp_path):
    """The models of a third party are looked for under their own name alone."""
    information = tmp_path / "toy-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: toy\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text("[lazycell.models]\ntoy = toy.models\n")
    (tmp_path / "toy.py").touch()
    text = python(tmp_path, "import lazycell; lazycell.find_model('toy')")
    assert f"'toy' is {tmp_path / 'toy.py'}: if it is not the package that announces them, it hides that one" in text


def test_checkers_read_the_zoo():
    """Its annotations are for those who build on it, too."""
    assert (ROOT / "models" / "py.typed").is_file()
