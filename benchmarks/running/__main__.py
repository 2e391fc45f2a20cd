"""The measured process of a model that runs: `python -m benchmarks.running MODULE MODE SIDE TASK`.

It loads the model, does its task once (which compiles, where something is compiled), and then again and again. What it
computed is held against what the other sides did before a time is printed.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

from . import _answers, _files
from ._clock import Clock, Taken, median
from ._task import Task

Measured = tuple[dict[str, Taken], float, np.ndarray[Any, Any]]
"""What each step took, the seconds of the first time, and the answer."""


def generate(side: ModuleType, task: Task, mode: str, clock: Clock) -> Measured:
    """Read texts and write the first word, `prompt`; each word after it, `word`."""
    load, write = clock(lambda: side.language_model(task, mode))
    ids = _files.inputs_of(task)["ids"]
    first, words = clock(lambda: write(ids, task.answers, []))
    # With the first words as ends, writing stops after them, and whatever is made for all words is made the same.
    ends = sorted({int(word) for word in words[:, 0]})
    prompts, wholes = [], []
    for _ in range(task.repeats):
        prompt, begun = clock(lambda: write(ids, task.answers, ends))
        if not np.array_equal(begun, words[:, :1]):
            raise ValueError(f"the first words are {begun.ravel()}, and were {words[:, 0]}")
        whole, again = clock(lambda: write(ids, task.answers, []))
        if not np.array_equal(again, words):
            raise ValueError("the same texts were not gone on with as before")
        prompts.append(prompt)
        wholes.append(whole)
    prompt = median(prompts)
    word = median([whole.without(prompt, task.answers - 1) for whole in wholes])
    return {"load": load, "prompt": prompt, "word": word}, first.seconds, words


def embed(side: ModuleType, task: Task, mode: str, clock: Clock) -> Measured:
    """Make the vectors of all sentences, `batch`."""
    load, encode = clock(lambda: side.encoder(task, mode))
    inputs = _files.inputs_of(task)
    first, vectors = clock(lambda: encode(inputs["ids"], inputs["mask"], inputs["types"]))
    again = [clock(lambda: encode(inputs["ids"], inputs["mask"], inputs["types"]))[0] for _ in range(task.repeats)]
    return {"load": load, "batch": median(again)}, first.seconds, vectors


def train(side: ModuleType, task: Task, mode: str, clock: Clock) -> Measured:
    """Take steps of training, `step`; the answer is the loss before each of the first ones."""
    load, step = clock(lambda: side.trainer(task, mode))
    inputs = _files.inputs_of(task)
    batch = [inputs[name] for name in ("ids", "mask", "types", "labels")]
    taken = [clock(lambda: step(*batch)) for _ in range(max(task.answers, task.repeats + 1))]
    losses = np.array([loss for _, loss in taken[: task.answers]])
    return {"load": load, "step": median([each for each, _ in taken[1:]])}, taken[0][0].seconds, losses


TASKS: dict[str, Callable[[ModuleType, Task, str, Clock], Measured]] = {
    "generate": generate,
    "embed": embed,
    "train": train,
}


def main(arguments: list[str]) -> None:
    """Do the task; print one line of JSON, as `benchmarks._process` does."""
    module, mode, name, text = arguments
    task = Task(**json.loads(text))
    side = importlib.import_module(f"benchmarks.{module}")
    steps, first, answer = TASKS[task.name](side, task, mode, Clock())
    _answers.hold(task, name, answer)
    taken = {name: each._asdict() for name, each in steps.items()}
    print(json.dumps({"first_use": first, "steps": taken, "checksum": 0}))


if __name__ == "__main__":
    main(sys.argv[1:])
