"""lazycell's side: the zoo's models, as `lazycell.from_pretrained` gives them, and `models.generate`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from mindspore import Tensor

import lazycell
import models

from ._mindspore_step import Arrays, choose, in_mode, pooled, training
from ._task import Task


def language_model(task: Task, mode: str) -> Callable[[Arrays, int, list[int]], Arrays]:
    """Give what goes on with texts, word by word, until all of them have had one of the ends."""
    net = _loaded(task, mode)
    options = {"compiled": True} if mode == "compiled" else {}

    def write(ids: Arrays, count: int, ends: list[int]) -> Arrays:
        mask = Tensor(np.ones_like(ids))
        return models.generate(net, Tensor(ids), mask, count, eos_token_id=ends or None, **options).asnumpy()

    return write


def encoder(task: Task, mode: str) -> Callable[[Arrays, Arrays, Arrays], Arrays]:
    """Give what makes vectors of sentences."""
    net = _loaded(task, mode)

    def embed(ids: Tensor, mask: Tensor, types: Tensor) -> Tensor:
        return pooled(net(ids, mask, types)[0], mask)

    embed = in_mode(mode, embed)
    return lambda *inputs: embed(*(Tensor(each) for each in inputs)).asnumpy()


def trainer(task: Task, mode: str) -> Callable[..., float]:
    """Give what takes a step of training."""
    net = _loaded(task, mode)

    def scores(ids: Tensor, mask: Tensor, types: Tensor) -> Tensor:
        return net(ids, mask, types)[0]

    return training(net, scores, mode)


def _loaded(task: Task, mode: str) -> Any:
    choose(mode)
    return lazycell.from_pretrained(Path(task.path).parent).set_train(False)
