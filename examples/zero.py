"""Data parallel training in which each process keeps a part of Adam's state: ZeRO-1 (Rajbhandari et al. 2019).

    msrun --worker_num=2 --local_worker_num=2 --master_addr=127.0.0.1 --master_port=8118 --join=True examples/zero.py

Every process has the whole model and its own samples. Gradients are averaged over all of them; each process then
updates the part of the parameters that it has the state of, and gathers the parts of the others. One process does it
too.
"""

import os

import mindspore as ms
import numpy as np
from mindspore import Parameter, Tensor, nn, ops
from mindspore.communication import init

import lazycell
from lazycell import Gather, Mesh, reduce_gradients
from models.llama import LlamaForCausalLM


class DividedAdam:
    """Adam whose state is divided over the ranks along `dp`.

    Args:
        net: as it was built on its mesh.
        mesh: the same.
        rate: the learning rate.
    """

    def __init__(self, net: nn.Cell, mesh: Mesh, rate: float) -> None:
        self.net, self.parameters = net, net.trainable_params()
        with mesh:
            self.gather = Gather("dp")
        self.parts = [Parameter(self.own(each), name=each.name) for each in self.parameters]
        self.adam = nn.Adam(self.parts, rate)

    def own(self, x: Tensor) -> Tensor:
        """Give this rank's part of a tensor, which is padded with zeros to equal parts."""
        size = -(-x.size // self.gather.parts)
        return ops.pad(x.reshape(-1), (0, size * self.gather.parts - x.size)).reshape(-1, size)[self.gather.index]

    def __call__(self, grads: tuple[Tensor, ...]) -> None:
        """Take a step by the gradients that this rank computed."""
        self.adam(tuple(self.own(each) for each in reduce_gradients(self.net, grads)))
        for parameter, part in zip(self.parameters, self.parts, strict=True):
            parameter.set_data(self.gather(part)[: parameter.size].reshape(parameter.shape))


def train(mesh: Mesh, steps: int = 5) -> tuple[nn.Cell, DividedAdam, list[float]]:
    """Train a small net on this rank's samples of a batch; give it, its optimizer, and the losses of these samples."""
    with mesh:
        net = LlamaForCausalLM(
            vocab_size=64, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4
        )
    lazycell.init_parameters_data(net, seed=0)
    texts = np.random.default_rng(0).integers(0, 64, (4, 17))
    own = np.split(texts, mesh.size("dp"))[mesh.index("dp")]
    ids, words = Tensor(own[:, :-1]), Tensor(own[:, 1:].astype(np.int32))

    def loss_of(ids: Tensor, words: Tensor) -> Tensor:
        return ops.cross_entropy(net(ids).logits.reshape(-1, 64), words.reshape(-1))

    adam, losses = DividedAdam(net, mesh, 3e-3), []
    compute = ms.value_and_grad(loss_of, None, adam.parameters)
    for _ in range(steps):
        loss, grads = compute(ids, words)
        adam(grads)
        losses.append(float(loss.asnumpy()))
    return net, adam, losses


if __name__ == "__main__":
    ranks = int(os.environ.get("RANK_SIZE", "1"))
    if ranks > 1:
        init()
    mesh = Mesh(dp=ranks)
    net, adam, losses = train(mesh)
    if mesh.rank == 0:
        state = sum(each.size for each in adam.adam.moment1)
        size = sum(each.size for each in adam.parameters)
        print(f"rank 0 of {ranks}: loss {losses[0]:.3f} to {losses[-1]:.3f}, Adam's state of {state / size:.2f} of it")
