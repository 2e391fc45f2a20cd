"""What is compiled of a net: cells around it.

Cells, and no functions: of a function that closes over a net MindSpore's compile cache keeps the graph and none of the
weights, and another process computes with zeros. What they return has no None, since that cache keeps no graph that
calls Python.
"""

from typing import Any

from mindspore import Tensor, nn

from ..heads import CausalLM


class Around(nn.Cell):
    """A cell that calls a net, whose parameters keep their names."""

    def __init__(self, net: Any) -> None:
        super().__init__(auto_prefix=False)
        self.net = net


def register(cell: nn.Cell, tables: Any) -> None:
    """Have the parameters of a cache be the cell's, so that the compile cache finds them by name."""
    for pair in tables:
        for parameter in pair:
            cell.insert_param_to_cell(parameter.name.replace(".", "_"), parameter)


class Prompt(Around):
    """The scores of the word after a text, and the keys and values of the text."""

    def __init__(self, net: Any) -> None:
        super().__init__(net)
        # A head of another kind scores every position.
        self.options = {"logits_to_keep": 1} if isinstance(net, CausalLM) else {}

    def construct(self, ids: Tensor, mask: Tensor, positions: Tensor) -> Any:
        output = self.net(ids, mask, positions, None, use_cache=True, **self.options)
        return output[0], output[1]


class Question(Around):
    """The scores of an answer's first word, the keys and values of both texts, and what the encoder made of one."""

    def construct(self, ids: Tensor, mask: Tensor, start: Tensor) -> Any:
        output = self.net(ids, mask, start, use_cache=True)
        return output[0], output[1], output[3]


class NextWord(Around):
    """The scores of the word after the next, over a cache of fixed size, in which `place` is that of the next."""

    def __init__(self, net: Any, tables: Any, starts: Tensor) -> None:
        super().__init__(net)
        self.tables, self.starts = tables, starts
        register(self, tables)

    def construct(self, ids: Tensor, mask: Tensor, positions: Tensor, place: Tensor) -> Tensor:
        rows = self.starts + place
        past = tuple([(keys, values, rows) for keys, values in self.tables])
        return self.net(ids, mask, positions, past, cache_position=place)[0]


class NextWordOfAnswer(Around):
    """The same of an answer: the second half of `tables` is of the text that is answered."""

    def __init__(self, net: Any, tables: Any, starts: Tensor, batch: int, length: int) -> None:
        super().__init__(net)
        self.count, self.starts = len(tables) // 2, starts
        register(self, tables)
        self.own, self.others = tables[: self.count], tables[self.count :]
        self.read = batch, len(starts) // batch, length, tables[0][0].shape[-1]

    def construct(self, ids: Tensor, mask: Tensor, own_mask: Tensor, encoded: Tensor, place: Tensor) -> Tensor:
        rows = self.starts + place
        past: Any = ()
        for index in range(self.count):
            keys, values = self.others[index]
            other = keys.reshape(self.read), values.reshape(self.read)
            past += (((self.own[index][0], self.own[index][1], rows), other),)
        return self.net(None, mask, ids, own_mask, (encoded,), past, cache_position=place)[0]
