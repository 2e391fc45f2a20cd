"""What the measured processes of models that run share: tasks, files, answers, the clock."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from benchmarks.run import CASES
from benchmarks.running import _answers, _files
from benchmarks.running._clock import Clock, Taken, median
from lazycell.demo import _minilm

from ..golden_cases import needs_minilm

TASKS = {case.name: case.work for case in CASES}


def test_the_shapes_are_those_of_published_models() -> None:
    """SmolLM-135M's number of parameters is on its card on the Hugging Face hub."""
    assert TASKS["generate-1"].n_values == TASKS["generate-8"].n_values == 134_515_008


@needs_minilm
def test_minilm_is_described_as_it_is() -> None:
    """Every parameter of the file, position ids aside, which are no parameter."""
    found = {name: array.shape for name, array in load_file(_minilm.directory() / "model.safetensors").items()}
    found.pop("embeddings.position_ids", None)
    assert dict(TASKS["embed"].shapes()) == found


@needs_minilm
def test_sentences_are_split_by_its_tokenizer(tmp_path: Path) -> None:
    """As many as asked for, padded to the longest, of different lengths; each begins and ends with a mark."""
    task = _files.write_minilm(TASKS["embed"], tmp_path / "model")
    inputs = _files.inputs_of(task)
    ids, mask = inputs["ids"], inputs["mask"]
    assert ids.shape == mask.shape == inputs["types"].shape
    assert len(ids) == len({tuple(row) for row in ids}) == 64
    lengths = mask.sum(1)
    assert lengths.max() == ids.shape[1]
    assert len(set(lengths)) > 10
    assert (ids[:, 0] == 101).all()
    assert (ids[np.arange(64), lengths - 1] == 102).all()


def test_all_sentences_differ() -> None:
    """So no side can save work that another one does."""
    assert len(set(_files.sentences(72))) == 72


def test_the_same_task_is_written_the_same_way(tmp_path: Path) -> None:
    """Weights and inputs do not depend on when they are written."""
    first, second = (_files.write(TASKS["train"]._replace(n_layers=1, vocabulary=9), tmp_path / name) for name in "ab")
    assert Path(first.path).read_bytes() == Path(second.path).read_bytes()
    for name, array in _files.inputs_of(first).items():
        np.testing.assert_array_equal(array, _files.inputs_of(second)[name])


@pytest.mark.parametrize(
    ("name", "second", "message"),
    [
        ("generate-1", [1.0, 3.0], "two and one differ by 1, 0 is allowed"),
        ("embed", [1.0, 2.00003], r"two and one differ by 3e-05, 2e-05 is allowed"),
        ("train", [1.0, 2.0003], r"two and one differ by 0\.0003, 0\.0002 is allowed"),
        ("train", [1.0, np.nan], "two: the answer has numbers that are not finite"),
        ("train", [1.0], r"two answers in the shape \(1,\), one in \(2,\)"),
    ],
    ids=["words", "vectors", "losses", "not finite", "shape"],
)
def test_different_answers_are_refused(tmp_path: Path, name: str, second: list[float], message: str) -> None:
    """Words have to be equal, numbers close; who differs from whom is said."""
    task = TASKS[name]._replace(path=str(tmp_path / "model.safetensors"))
    _answers.hold(task, "one", np.array([1.0, 2.0]))
    _answers.hold(task, "one", np.array([1.0, 2.0]))
    with pytest.raises(_answers.DifferentAnswerError, match=message):
        _answers.hold(task, "two", np.array(second))


def test_close_numbers_are_the_same_answer(tmp_path: Path) -> None:
    """Relative to the largest: a small number among large ones may be off by more than itself."""
    task = TASKS["embed"]._replace(path=str(tmp_path / "model.safetensors"))
    _answers.hold(task, "one", np.array([100.0, 1e-6]))
    _answers.hold(task, "two", np.array([100.0005, 9e-4]))


def test_the_clock_tells_time_and_memory() -> None:
    """What was done once, and the most memory there was."""
    clock = Clock()
    taken, array = clock(lambda: (time.sleep(0.02), np.ones(40_000_000))[1])
    assert taken.seconds >= 0.02
    # Not all of it is new to a process that has done much before: freed pages are used again.
    assert taken.peak >= array.nbytes / 2
    assert taken.cpu < 5


def test_what_a_part_took_is_taken_out() -> None:
    """Three words took what all took without the prompt."""
    whole, prompt = Taken(10, 20, 5, 5), Taken(4, 8, 3, 3)
    assert whole.without(prompt, 3) == (2, 4, 5, 5)


def test_medians_of_each_number() -> None:
    """One slow run does not count."""
    assert median([Taken(1, 9, 1, 1), Taken(2, 1, 1, 1), Taken(50, 2, 1, 1)]) == (2, 2, 1, 1)
