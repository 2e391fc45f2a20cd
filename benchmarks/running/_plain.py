"""The hand-written side: MindSpore's cells, its own loader, its compiler. lazycell is not imported."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import mindspore
import numpy as np
from mindspore import Tensor
from mindspore.nn.utils import no_init_parameters

from ._mindspore_step import Arrays, choose, in_mode, pooled, training
from ._plain_bert import Bert, Classifier
from ._plain_llama import Llama
from ._task import Task

_MINDSPORE_NAMES = {
    "LayerNorm.weight": "LayerNorm.gamma",
    "LayerNorm.bias": "LayerNorm.beta",
    "embeddings.weight": "embeddings.embedding_table",
    "embed_tokens.weight": "embed_tokens.embedding_table",
}


def language_model(task: Task, mode: str) -> Callable[[Arrays, int, list[int]], Arrays]:
    """Give what goes on with texts, word by word, until all of them have had one of the ends."""
    net = _loaded(Llama, task, mode)
    words = _compiled_words(net, task) if mode == "compiled" else _words(net)

    def write(ids: Arrays, count: int, ends: list[int]) -> Arrays:
        written = []
        ended = np.zeros((len(ids), 1), bool)
        for word in islice(words(ids, count), count):
            written.append(word)
            ended |= np.isin(word, ends)
            if ended.all():
                break
        return np.concatenate(written, 1)

    return write


def _words(net: Any) -> Callable[[Arrays, int], Iterator[Arrays]]:
    """Give the words that the cells find as they are called, with a cache that grows."""

    def words(ids: Arrays, count: int) -> Iterator[Arrays]:
        word, cache = net(Tensor(ids))
        for place in range(ids.shape[1], ids.shape[1] + count):
            yield word.asnumpy()
            word, cache = net.go_on(word, place, cache)

    return words


def _compiled_words(net: Any, task: Task) -> Callable[[Arrays, int], Iterator[Arrays]]:
    """Give the words of two graphs: one reads, the other goes on in a cache of fixed size."""
    net.make_room(task.batch, task.length + task.answers)
    read, go_on = mindspore.jit(net.read), mindspore.jit(net.go_on_within)

    def words(ids: Arrays, count: int) -> Iterator[Arrays]:
        word = read(Tensor(ids))
        for place in range(ids.shape[1], ids.shape[1] + count):
            yield word.asnumpy()
            word = go_on(word, Tensor(np.array([place], np.int32)))

    return words


def encoder(task: Task, mode: str) -> Callable[[Arrays, Arrays, Arrays], Arrays]:
    """Give what makes vectors of sentences."""
    net = _loaded(Bert, task, mode)

    def embed(ids: Tensor, mask: Tensor, types: Tensor) -> Tensor:
        return pooled(net(ids, mask, types), mask)

    embed = in_mode(mode, embed)
    return lambda *inputs: embed(*(Tensor(each) for each in inputs)).asnumpy()


def trainer(task: Task, mode: str) -> Callable[..., float]:
    """Give what takes a step of training."""
    net = _loaded(Classifier, task, mode)
    return training(net, net, mode)


def _loaded(cls: Any, task: Task, mode: str) -> Any:
    choose(mode)
    path = Path(task.path)
    config = json.loads(path.with_name("config.json").read_text(encoding="utf-8"))
    with no_init_parameters():
        net = cls(config)
    values = mindspore.load_checkpoint(str(path), format="safetensors")
    left, _ = mindspore.load_param_into_net(net, {_renamed(name): value for name, value in values.items()})
    if left:
        raise ValueError(f"the checkpoint has no {left[0]}")
    return net.set_train(False)


def _renamed(name: str) -> str:
    for theirs, ours in _MINDSPORE_NAMES.items():
        if name.endswith(theirs):
            return name.removesuffix(theirs) + ours
    return name
