"""What is one weight and what is two: each family's config and file, held to what transformers makes of them."""

from __future__ import annotations

import json
import warnings
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mindspore import Tensor
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

import lazycell
from lazycell import CheckpointMismatchError, ConfigWarning
from models.t5 import T5ForConditionalGeneration

from ..cli.command import lazycell as command
from ..golden_cases import FAMILIES as GOLDEN
from ..ties.cases import FAMILIES, Case, inputs_of

EXPECTED = Path(__file__).parents[1] / "ties" / "expected"
EVERY = [(family, case) for family in FAMILIES for case in FAMILIES[family].cases()]
# As in the reference cases: some 20 times what the order of float32's sums alone makes of logits of this size.
ATOL, RTOL = 2e-4, 1e-4


@cache
def expected_of(family: str) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Give what transformers computed, by case, and what it wrote beside it."""
    path = EXPECTED / f"{family}.safetensors"
    with safe_open(path, "np") as file:
        return load_file(path), {key: json.loads(value) for key, value in file.metadata().items()}


def directory(path: Path, family: str, case: Case) -> Path:
    """Write the config and the file of a case."""
    _, kept = expected_of(family)
    (path / "config.json").write_text(json.dumps({**kept["config"], **case.switches}), encoding="utf-8")
    shapes = {name: tuple(shape) for name, shape in kept["shapes"].items()}
    save_file(case.tensors(FAMILIES[family], shapes), path / "model.safetensors", {"format": "pt"})
    return path


def scores_of(net: Any, family: str) -> np.ndarray:
    """Give the scores of the last position."""
    return net(**{name: Tensor(array) for name, array in inputs_of(FAMILIES[family]).items()}).logits.asnumpy()[0, -1]


def agree(ours: np.ndarray, theirs: np.ndarray) -> bool:
    """Whether scores are the same, but for the order of sums."""
    return bool((np.abs(ours - theirs) <= ATOL + RTOL * np.abs(theirs)).all())


def contradicts(family: str, case: Case) -> bool:
    """Whether a config says that two are one, and the file that they differ: nothing tells which of them is wrong.

    transformers follows the file, and its own former versions the config. Of a T5 no config says it: its file is followed.
    """
    tied = family in TIED if case.tie is None else case.tie
    return tied and family != "t5" and "different" in (case.weights, case.biases)


TIED = "gemma2", "gemma3", "gpt2", "bert", "roberta", "distilbert", "t5"
"""Those that tie the head where a config says nothing."""


def lacks(family: str, case: Case) -> bool:
    """Whether the model needs two weights, and the file has one of them: transformers draws the other at random."""
    tied = family in TIED if case.tie is None else case.tie
    return not tied and family != "t5" and case.weights in ("absent", "alone")


@pytest.mark.parametrize(("family", "case"), EVERY, ids=lambda each: each if isinstance(each, str) else each.name)
@pytest.mark.filterwarnings("ignore::lazycell.ConfigWarning")
def test_tie(family: str, case: Case, tmp_path: Path):
    """The scores are those of transformers; where it guesses, or draws weights, the message names the way out."""
    theirs = expected_of(family)[0]
    path = directory(tmp_path, family, case)
    if not (contradicts(family, case) or lacks(family, case)):
        scores = scores_of(lazycell.from_pretrained(path), family)
        if case.name in theirs:
            assert agree(scores, theirs[case.name])
        else:
            # One bias, in a config without ties: transformers 4 wrote the one that counts, and 5 has zeros instead.
            counts = {"absent": "equal", "alone": "different"}[case.biases or ""]
            assert agree(scores, theirs[case.name.replace(f"bias {case.biases}", f"bias {counts}")])
        return
    proposed = refused(path)
    if lacks(family, case):
        assert proposed == {"tie_word_embeddings": True}
        if case.biases == "different":  # the one bias that goes with one table is two in the file
            proposed |= refused(path, **proposed)
    # What is proposed works: for what contradicts itself it is what transformers does.
    scores = scores_of(lazycell.from_pretrained(path, **proposed), family)
    if case.name in theirs:
        assert agree(scores, theirs[case.name])


def refused(path: Path, **hyperparameters: Any) -> dict[str, Any]:
    """Give the hyperparameters that the refusal of a load proposes, in its message and as data."""
    with pytest.raises(CheckpointMismatchError) as caught:
        lazycell.from_pretrained(path, **hyperparameters)
    proposed = {name: value for cause in caught.value.causes for name, value in cause.settings.items()}
    written = ", ".join(f"{name}={value}" for name, value in proposed.items())
    assert proposed
    assert f"build the model with `{written}`" in str(caught.value)
    return proposed


def test_every_family_is_here():
    """A family that the zoo gains has to say what it ties, and every case was made."""
    assert FAMILIES.keys() == GOLDEN.keys() == {path.stem for path in EXPECTED.glob("*.safetensors")}
    for family, each in FAMILIES.items():
        cases = {case.name for case in each.cases()}
        without = {case.name for case in each.cases() if case.name not in expected_of(family)[0]}
        assert expected_of(family)[0].keys() | without == cases
        # It is where one of two is not there that transformers has no values.
        assert all("absent" in name or "alone" in name for name in without)
    assert "t5" in TIED
    assert all(case.name in expected_of("t5")[0] for case in FAMILIES["t5"].cases())


# ------------------------------------------------------------------------------------------------- T5, further


def t5(path: Path, **changes: Any) -> Path:
    """Write a T5 whose file has a head that differs, and a config with these switches."""
    case = Case(changes.get("tie_word_embeddings"), changes.get("scale_decoder_outputs"), "different", None)
    return directory(path, "t5", case)


@pytest.mark.parametrize("load", [lazycell.from_pretrained, T5ForConditionalGeneration.from_pretrained])
def test_a_config_that_the_file_contradicts(tmp_path: Path, load: Any):
    """The head of the file is used, as in transformers; one warning, where the load was asked for, says so."""
    with pytest.warns(ConfigWarning, match="a head that differs: it is used") as caught:
        net = load(t5(tmp_path, tie_word_embeddings=True))
    assert (len(caught), caught[0].filename) == (1, __file__)
    assert (net.tie_word_embeddings, net.scale_decoder_outputs) == (False, True)


def test_what_is_given_is_obeyed(tmp_path: Path):
    """Who says that the head is the table gets no other; who says that it is not gets it, and no warning."""
    path = t5(tmp_path)
    with pytest.raises(CheckpointMismatchError, match="tie_word_embeddings=False"):
        lazycell.from_pretrained(path, tie_word_embeddings=True, scale_decoder_outputs=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        net = lazycell.from_pretrained(path, tie_word_embeddings=False)
    assert (net.tie_word_embeddings, net.scale_decoder_outputs) == (False, False)
    assert agree(scores_of(net, "t5"), expected_of("t5")[0]["tie False, head different"])


def test_names_that_are_given_are_the_models(tmp_path: Path):
    """Whether the file has a head is asked by the names that it has after `rename`."""
    path = t5(tmp_path, tie_word_embeddings=False)
    arrays = load_file(path / "model.safetensors")
    save_file({name.replace("lm_head", "output"): each for name, each in arrays.items()}, path / "model.safetensors")
    net = lazycell.from_pretrained(path, rename={"output.weight": "lm_head.weight"})
    assert agree(scores_of(net, "t5"), expected_of("t5")[0]["tie False, head different"])


def test_a_table_that_one_text_has_alone_is_refused(tmp_path: Path):
    """Two tables of words are no T5: no switch makes them two, and the message says what remains to be done."""
    path = directory(tmp_path, "t5", Case(None, None, "absent", None))
    arrays = load_file(path / "model.safetensors")
    arrays["encoder.embed_tokens.weight"] = arrays["shared.weight"] + 1
    save_file(arrays, path / "model.safetensors")
    with pytest.raises(CheckpointMismatchError, match="rename one of the two tensors") as caught:
        lazycell.from_pretrained(path)
    assert caught.value.causes == ()
    aside = {"encoder.embed_tokens.weight": "aside"}
    net = lazycell.from_pretrained(path, rename=aside, unexpected=["aside"])
    assert agree(scores_of(net, "t5"), expected_of("t5")[0]["tie None, head absent"])


@pytest.mark.parametrize("weights", ["absent", "equal", "different"])
def test_what_was_loaded_is_saved_as_it_was(tmp_path: Path, weights: str):
    """A file that is written, and read beside the same config, is the same model."""
    path = directory(tmp_path, "t5", Case(False, None, weights, None))
    net = lazycell.from_pretrained(path)
    net.save_checkpoint(path / "model.safetensors")
    assert ("lm_head.weight" in load_file(path / "model.safetensors")) == (weights == "different")
    again = lazycell.from_pretrained(path)
    assert agree(scores_of(again, "t5"), expected_of("t5")[0][f"tie False, head {weights}"])


def test_two_biases_are_saved_as_two(tmp_path: Path):
    """So that transformers finds the one that counts."""
    case = Case(False, None, "different", "equal")
    path = directory(tmp_path, "roberta", case)
    before = load_file(path / "model.safetensors")
    lazycell.from_pretrained(path).save_checkpoint(path / "model.safetensors")
    assert load_file(path / "model.safetensors").keys() == before.keys()


@pytest.mark.parametrize("family", ["t5", "bert"])
def test_a_check_says_what_a_load_does(tmp_path: Path, family: str):
    """`lazycell check` builds the model that `from_pretrained` would build for the file."""
    case = Case(False, None, "absent", None) if family == "t5" else Case(False, None, "different", "absent")
    path = str(directory(tmp_path, family, case))
    done = command("check", path, path)
    assert done.status == 0, done.stdout


def test_a_check_names_the_switch(tmp_path: Path):
    """And proposes it as an option."""
    path = str(directory(tmp_path, "distilbert", Case(False, None, "absent", None)))
    done = command("check", path, path)
    assert done.status == 1
    assert "with tie_word_embeddings=True `vocab_projector.weight` is" in done.stdout
    assert "--set tie_word_embeddings=true" in done.stdout


def test_a_plan_names_the_switch(tmp_path: Path):
    """A net that was built by hand, and a file that was not made for it."""
    path = directory(tmp_path, "bert", Case(False, None, "different", "absent"))
    net = lazycell.from_pretrained(path, tie_bias=True)
    other = type(net)(**{**net.manifest().hyperparameters, "tie_bias": False})
    for load in (other.load_checkpoint, lambda path: lazycell.plan(other, path)):
        with pytest.raises(CheckpointMismatchError, match="with tie_bias=True `cls.predictions.decoder.bias` is"):
            load(path / "model.safetensors")
