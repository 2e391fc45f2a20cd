"""Gradients and one step of Adam on ranks against one rank: `zoo_training.py MESH:FAMILY,… …`, as in `tp=2:llama`."""

from __future__ import annotations

import runpy
import sys
from collections.abc import Callable, Iterator
from typing import Any

import mindspore as ms
import numpy as np
from mindspore import Tensor, nn, ops

import lazycell
from lazycell import Mesh, places_of, reduce_gradients
from models.llama import LlamaForCausalLM
from models.qwen3 import Qwen3ForCausalLM
from models.t5 import T5ForConditionalGeneration
from tests.golden_cases import FAMILIES
from tests.ranks.job import run, start
from tests.ranks.launch import ROOT

rank, ranks = start()
MOST = 1e-5
"""How far a gradient may be off, of the largest number in it."""
STEP = 1e-6
"""How far a parameter may be off after a step of 1e-3."""
ZERO = 1e-5
"""How far one may be off after five steps of 3e-3."""

SMALL: dict[str, Any] = {
    "vocab_size": 64,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
}
DRAWN: dict[str, tuple[Any, dict[str, Any]]] = {
    "one key head": (LlamaForCausalLM, {**SMALL, "num_key_value_heads": 1}),
    "six heads": (
        LlamaForCausalLM,
        {**SMALL, "vocab_size": 66, "hidden_size": 36, "num_attention_heads": 6, "num_key_value_heads": 3},
    ),
    "normed heads": (Qwen3ForCausalLM, {**SMALL, "num_key_value_heads": 1, "head_dim": 16}),
}
"""Nets without a checkpoint."""


def net_of(name: str, mesh: Mesh | None) -> Any:
    if name not in DRAWN:
        return lazycell.from_pretrained(FAMILIES[name].path, mesh=mesh, mmap=False)
    cls, options = DRAWN[name]
    if mesh is None:
        net = cls(**options)
    else:
        with mesh:
            net = cls(**options)
    lazycell.init_parameters_data(net, seed=7)
    return net


def loss_of(net: Any) -> Callable[[Tensor, Tensor], Tensor]:
    """Give what is trained: the next words, and a little of all else that comes out."""

    def loss(ids: Tensor, words: Tensor) -> Tensor:
        read = {"decoder_input_ids": ids} if isinstance(net, T5ForConditionalGeneration) else {}
        output = net(ids, output_hidden_states=True, **read)
        states = output.decoder_hidden_states if read else output.hidden_states
        total = ops.cross_entropy(output.logits.reshape(-1, output.logits.shape[-1]), words.reshape(-1))
        for each in (*states, *getattr(output, "router_logits", ())):
            total = total + 0.01 * ops.square(each).mean()
        return total

    return loss


def stepped(net: Any, ids: Tensor, words: Tensor) -> tuple[float, dict[str, Any], dict[str, Any]]:
    """Give the loss, the gradients, and the parameters after a step."""
    net.set_train(False)  # what is dropped is drawn by each rank
    parameters = net.trainable_params()
    loss, grads = ms.value_and_grad(loss_of(net), None, parameters)(ids, words)
    grads = reduce_gradients(net, grads)
    nn.Adam(parameters, 1e-3, eps=1e-2)(grads)  # by the usual one, next to nothing and its negative are 2e-3 apart
    names = [each.name for each in parameters]
    held = ({name: each.asnumpy() for name, each in zip(names, group, strict=True)} for group in (grads, parameters))
    return float(loss.asnumpy()), *held


def part_of(array: Any, parameter: Any) -> Any:
    """Give what of an array of the whole this rank has."""
    boxes = places_of(parameter)
    pieces = [array[tuple(slice(*each) for each in box)] for box in boxes]
    axis = next((at for at in range(array.ndim) if len({box[at] for box in boxes}) > 1), 0)
    return np.concatenate(pieces, axis)


def checked(mesh: Mesh, name: str, title: str) -> Callable[[], None]:
    def check() -> None:
        drawn = np.random.default_rng(1).integers(3, 60, (4, 9))
        ids, words = drawn[:, :-1], drawn[:, 1:].astype(np.int32)
        loss, grads, after = stepped(net_of(name, None), Tensor(ids), Tensor(words))
        net = net_of(name, mesh)
        samples = np.split(np.arange(4), mesh.size("dp"))[mesh.index("dp")]
        own, own_grads, own_after = stepped(net, Tensor(ids[samples]), Tensor(words[samples]))
        if mesh.size("dp") == 1:
            assert abs(own - loss) <= 1e-5 * abs(loss), (own, loss)
        wrong = {}
        for parameter in net.trainable_params():
            key = parameter.name
            off = np.abs(part_of(grads[key], parameter) - own_grads[key]).max() / np.abs(grads[key]).max()
            moved = np.abs(part_of(after[key], parameter) - own_after[key]).max()
            if not (off <= MOST and moved <= STEP):
                wrong[key] = float(off), float(moved)
        assert not wrong, wrong
        largest = max(float(np.abs(array).max()) for array in grads.values())
        print("parameters", len(own_grads), "of", len(grads), "largest gradient", largest, flush=True)

    check.__name__ = title
    return check


def check_zero() -> None:
    """The example: parameters are those of one rank with all samples, and the state is a part."""
    train = runpy.run_path(str(ROOT / "examples" / "zero.py"))["train"]
    alone, _, _ = train(Mesh(dp=1, rank=0))
    net, adam, _ = train(Mesh(dp=ranks))
    for one, other in zip(alone.get_parameters(), net.get_parameters(), strict=True):
        assert np.abs(one.asnumpy() - other.asnumpy()).max() <= ZERO, one.name
    share = sum(each.size for each in adam.adam.moment1) / sum(each.size for each in adam.parameters)
    assert share <= 1 / ranks + 0.01, share
    print("state", share, flush=True)


def checks() -> Iterator[Callable[[], None]]:
    for asked in sys.argv[1:]:
        if asked == "zero":
            yield check_zero
            continue
        axes, families = asked.split(":")
        mesh = Mesh(**{name: int(size) for name, _, size in (each.partition("=") for each in axes.split(","))})
        for family in families.split(","):
            yield checked(mesh, family, f"{axes}:{family}")


if __name__ == "__main__":
    run(*checks())
