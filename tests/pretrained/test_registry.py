"""Which class goes with which name."""

from __future__ import annotations

import sys

import pytest

from lazycell import LazyCell, Param, Preset, RegistryError, find_model, find_preset, register, registered_models


@pytest.fixture
def announced(tmp_path, monkeypatch):
    """A package on the path that announces a family `toy`, and one that cannot be imported."""
    (tmp_path / "toy_zoo.py").write_text(
        "from lazycell import register\n\n@register('toy')\nclass Toy:\n    pass\n\n"
        "@register('toy', architectures=['ToyForTests', 'OldToy'])\nclass Tested:\n    pass\n"
    )
    metadata = tmp_path / "toy_zoo-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: toy-zoo\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[lazycell.models]\ntoy = toy_zoo\nbroken = no_such_module_anywhere\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    sys.modules.pop("toy_zoo", None)


def test_an_announced_family_is_imported_when_asked_for(announced):
    """Nobody has to import the module of a family that a package announces."""
    assert "toy_zoo" not in sys.modules
    assert find_model("toy", "Toy").__name__ == "Toy"
    assert find_model("toy", "OldToy") is find_model("toy", "ToyForTests")
    assert [model.architecture for model in registered_models("toy")] == ["Toy", "ToyForTests", "OldToy"]


def test_without_an_architecture_the_first_that_was_registered_is_meant(announced):
    """A config that names no architecture gets the family's base model, which modules register first."""
    assert find_model("toy").__name__ == "Toy"


def test_an_unknown_family_is_named_with_the_near_ones(announced):
    """The message says what was asked for, what is near, and what to do."""
    with pytest.raises(RegistryError, match=r"no model is registered for model_type 'tooy'; did you mean `toy`\?"):
        find_model("tooy", "Toy")


def test_an_unknown_architecture_is_named_with_those_that_are_there(announced):
    """The message lists the family's architectures."""
    with pytest.raises(RegistryError, match=r"'toy' has no architecture 'ToyForTest'; did you mean `ToyForTests`\?"):
        find_model("toy", "ToyForTest")


def test_a_family_that_cannot_be_imported_says_why(announced):
    """A broken announcement names the module and the cause."""
    with pytest.raises(RegistryError, match="'broken' are announced in 'no_such_module_anywhere'"):
        find_model("broken", "Anything")


def test_two_classes_of_one_name_are_refused():
    """A second class under a name that is taken is an error that names both; registering a class again is not."""

    def one():
        @register("test_registry_clash", architectures=["Net"])
        class One: ...

        return One

    def two():
        @register("test_registry_clash", architectures=["Net"])
        class Two: ...

    one()
    one()
    with pytest.raises(RegistryError, match=r"test_registry_clash/Net is registered twice: by .*One and by .*Two"):
        two()


def test_a_preset_states_the_dtype_that_was_published():
    """It builds the model with the hyperparameters; a class that takes none refuses it, and there are no others."""

    @register("test_registry_dtype", presets=[Preset("published", {"width": 2}, dtype="bfloat16"), Preset("silent")])
    class Net(LazyCell):
        width: int = 3

        weight: Param["zeros", (width,)]

    _, preset = find_preset("published")
    assert preset.arguments == {"width": 2, "dtype": "bfloat16"}
    assert [entry.dtype for entry in Net.manifest(**preset.arguments)] == ["bfloat16"]
    assert find_preset("silent")[1].arguments == {}
    for dtype in ("bf16", 16, ["float16"]):
        with pytest.raises(RegistryError, match="preset 'odd': dtype=.* is none of bool, "):
            Preset("odd", dtype=dtype)

    with pytest.raises(RegistryError, match="Fixed has no hyperparameter 'dtype'"):

        @register("test_registry_dtype_2", presets=[Preset("of-fixed", dtype="float16")])
        class Fixed(LazyCell):
            dtype = "float32"
            weight: Param["zeros", (2,)]
