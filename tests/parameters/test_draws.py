"""Values of plain cells are those of an eager build, bit for bit, whatever happens in between."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mindspore as ms
import numpy as np
import pytest
from mindspore import Parameter, Tensor, mint, nn
from mindspore.common.initializer import Initializer, Normal, XavierUniform, initializer

from lazycell.parameters import _draws
from lazycell.parameters._lazy import no_init_parameters
from lazycell.parameters._lifecycle import init_parameters_data, uninitialized


class Net(nn.Cell):  # type: ignore[misc]
    """Parameters are attached in another order than they are made, drawn twice, thrown away, and drawn beside."""

    def __init__(self) -> None:
        super().__init__()
        last = nn.Dense(3, 3)
        nn.Dense(4, 4)
        self.noise = np.random.rand()
        self.first = nn.Dense(3, 3)
        self.last = last
        self.own = Parameter(initializer("normal", (2, 2), ms.float32))
        self.first.weight.set_data(initializer(XavierUniform(), (3, 3), ms.float32))
        self.last = nn.Dense(3, 3)


def values(net: nn.Cell) -> dict[str, bytes]:
    return {name: parameter.asnumpy().tobytes() for name, parameter in net.parameters_and_names()}


def lazily(build: Callable[[], Any]) -> Any:
    with no_init_parameters():
        return build()


def eagerly(build: Callable[[], Any] = Net, seed: int = 3) -> dict[str, bytes]:
    ms.set_seed(seed)
    return values(build())


def test_a_build_without_values_draws_as_an_eager_one() -> None:
    """And what is drawn after it is drawn as after an eager one."""
    expected = eagerly()
    after = np.random.rand()
    ms.set_seed(3)
    net = lazily(Net)
    assert len(uninitialized(net)) == 5
    assert np.random.rand() == after
    np.random.rand(7)
    init_parameters_data(net)
    assert values(net) == expected


def test_two_nets_are_initialized_in_either_order() -> None:
    """Each has what its eager twin has."""
    ms.set_seed(3)
    expected = [values(Net()), values(Net())]
    for order in ((0, 1), (1, 0)):
        ms.set_seed(3)
        nets = [lazily(Net), lazily(Net)]
        for index in order:
            init_parameters_data(nets[index])
        assert [values(net) for net in nets] == expected


def test_what_is_read_or_loaded_before_changes_nothing_for_the_others() -> None:
    """One value is read out of order, and one is not drawn at all."""
    expected = eagerly()
    ms.set_seed(3)
    net = lazily(Net)
    assert net.own.asnumpy().tobytes() == expected["own"]
    net.first.weight.set_data(Tensor(np.zeros((3, 3), np.float32)))
    init_parameters_data(net)
    assert {name for name, each in values(net).items() if each != expected[name]} == {"first.weight"}


@pytest.mark.parametrize("parts", [1, 3])
def test_a_seed_that_is_set_between_build_and_initialization_counts(parts: int) -> None:
    """As with MindSpore's own context, and in the order of the build; also for one part of a net after the other."""

    def build() -> nn.Cell:
        return nn.CellList([Net() for _ in range(parts)])

    class Plain(nn.Cell):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            late = nn.Dense(3, 3)
            self.early = nn.Dense(3, 3)
            self.late = late
            self.early.weight.set_data(initializer("normal", (3, 3), ms.float32))

    ms.set_seed(1)
    net, other = lazily(Plain), lazily(Plain)
    ms.set_seed(3)
    init_parameters_data(net)
    assert values(net) == eagerly(Plain)
    ms.set_seed(3)
    init_parameters_data(other.late)
    init_parameters_data(other)
    again = lazily(build)
    assert again[0].noise != lazily(build)[0].noise
    first = values(other)
    ms.set_seed(1)
    lazily(Plain), (other := lazily(Plain))
    ms.set_seed(3)
    init_parameters_data(other.late)
    init_parameters_data(other)
    assert values(other) == first


def test_a_seed_that_was_used_since_does_not_count() -> None:
    """Somebody else was meant."""
    expected = eagerly()
    ms.set_seed(3)
    net = lazily(Net)
    eagerly(seed=8)
    init_parameters_data(net)
    assert values(net) == expected


def test_a_part_that_is_put_in_much_later_is_drawn_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not after all that was drawn in between."""
    monkeypatch.setattr(_draws, "_LONGEST_BUILD", 3)
    net = lazily(lambda: nn.CellList([nn.Dense(2, 2), nn.Dense(2, 2)]))
    for _ in range(5):
        lazily(lambda: nn.Dense(2, 2))
    net[1] = lazily(lambda: nn.Dense(2, 2))
    ms.set_seed(3)
    init_parameters_data(net)
    found = values(net)
    assert [found["0.weight"], found["0.bias"], found["1.weight"], found["1.bias"]] == [
        *eagerly(lambda: nn.CellList([nn.Dense(2, 2), nn.Dense(2, 2)])).values()
    ]


def test_an_initializer_of_ones_own_is_not_run_by_the_build() -> None:
    """Nobody knows what it takes from the generator: it takes it when the values are needed."""

    class Own(Initializer):  # type: ignore[misc]
        runs = 0

        def _initialize(self, arr: Any) -> None:
            Own.runs += 1
            arr[...] = np.random.rand()

    net = lazily(lambda: nn.Dense(2, 2, weight_init=Own()))
    assert Own.runs == 0
    init_parameters_data(net)
    assert Own.runs == 1


_ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "BiDense": (2, 3, 4),
    "Bilinear": (2, 3, 4),
    "GroupNorm": (2, 4),
    "LayerNorm": ((4,),),
    "LayerNormExt": (4,),
    "Embedding": (5, 3, None),
    "EmbeddingExt": (5, 3, 1),
    "EmbeddingLookup": (5, 3, "normal", "DEVICE"),
    "MultiFieldEmbeddingLookup": (5, 3, 2),
    "MultiheadAttention": (8, 2),
    "PReLU": (3,),
    "PReLUExt": (3,),
    "RMSNorm": ((4,),),
    "Transformer": (8, 2, 1, 1, 8),
    "TransformerDecoderLayer": (8, 2, 8),
    "TransformerEncoderLayer": (8, 2, 8),
}


def _cells() -> dict[str, Callable[[], nn.Cell]]:
    """Find every cell of nn and mint.nn that has parameters when it is built of small numbers."""
    found: dict[str, Callable[[], nn.Cell]] = {}
    for module in (nn, mint.nn):
        for name, kind in sorted(vars(module).items()):
            if not (isinstance(kind, type) and issubclass(kind, nn.Cell)) or name in {"Cell", "Optimizer"}:
                continue
            if issubclass(kind, nn.Optimizer):
                continue
            for arguments in (_ARGUMENTS.get(name), (4, 4, 3), (4, 4), (4,), ()):
                if arguments is None:
                    continue
                try:
                    cell = kind(*arguments)
                except Exception:  # not its arguments
                    continue
                if any(True for _ in cell.get_parameters()):
                    found[f"{module.__name__}.{name}"] = lambda kind=kind, arguments=arguments: kind(*arguments)
                break
    return found


def test_every_cell_of_mindspore_is_lazy_and_equal() -> None:
    """Those that make Tensors of what they draw, too: the recurrent ones, PReLU, norms, embeddings with padding."""
    cells = _cells()
    cells["padding"] = lambda: nn.Embedding(5, 3, padding_idx=2)
    cells["padding of a Tensor"] = lambda: mint.nn.Embedding(5, 3, padding_idx=-1)
    cells["bidirectional"] = lambda: nn.LSTM(3, 4, 2, bidirectional=True, dtype=ms.float16)
    wanted = {"nn.LSTM", "nn.GRUCell", "nn.PReLU", "nn.Dense", "nn.Conv3d", "mint.nn.BatchNorm2d", "mint.nn.LayerNorm"}
    assert len(cells) > 40
    assert {f"mindspore.{name}" for name in wanted} <= cells.keys()
    for name, build in cells.items():
        expected = eagerly(build)
        after = np.random.rand()
        ms.set_seed(3)
        cell = lazily(build)
        kept = {each.name: each.shape for each in cell.get_parameters() if not each.has_init}
        # Counters are kept, and what is computed: windows, and the unit matrices of THOR.
        assert all(shape == () for shape in kept.values()) or name.endswith(("Thor", "SSIM")), (name, kept)
        assert np.random.rand() == after, name
        init_parameters_data(cell)
        assert values(cell) == expected, name


def test_refused_rows_of_padding_are_refused_as_ever() -> None:
    """By MindSpore's own check."""
    for build in (lambda: nn.Embedding(5, 3, padding_idx=5), lambda: mint.nn.Embedding(5, 3, padding_idx=5)):
        with pytest.raises(ValueError, match="padding_idx"):
            lazily(build)
    table = Tensor(np.ones((5, 3), np.float32))
    net = lazily(lambda: nn.Embedding(5, 3, embedding_table=table, padding_idx=1))
    assert net.embedding_table.asnumpy().sum(axis=1).tolist() == [3, 0, 3, 3, 3]
    assert net.padding_idx == 1
    assert table.asnumpy().all()


def test_streams_of_recurrent_layers_follow_their_law() -> None:
    """`streams=True` draws from the distribution that the layer draws from."""
    net = lazily(lambda: nn.LSTM(64, 64))
    init_parameters_data(net, 7)
    weight = next(iter(net.get_parameters())).asnumpy()
    assert abs(weight.std() * 8 * 3**0.5 - 1) < 0.05
    assert abs(weight).max() <= 1 / 8


def test_normal_by_its_exact_class_only() -> None:
    """A subclass may take more numbers, or none."""

    class Other(Normal):  # type: ignore[misc]
        pass

    assert _draws.draw_for(Normal()) is not None
    assert _draws.draw_for(Other()) is None
