"""Methods without a kernel on the CPU, replaced by somebody: what they draw is drawn again, and where they write is kept."""

from __future__ import annotations

from typing import Any

import mindspore as ms
import numpy as np
import pytest
from mindspore import Parameter, Tensor, nn, ops
from mindspore.common.initializer import Normal, initializer

from lazycell.parameters import _substitutes
from lazycell.parameters._lazy import no_init_parameters
from lazycell.parameters._lifecycle import init_parameters_data, uninitialized


class Net(nn.Cell):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.dense = nn.Dense(4, 4)
        self.dense.weight.data.normal_(1.0, std=2.0)
        self.dense.bias.data.uniform_(-1, to=2)
        self.table = Parameter(initializer(Normal(), (5, 2), ms.float32))
        self.table.data[1].zero_()


def _numpy(self: Any, mean: float = 0, std: float = 1, *, generator: Any = None) -> Any:
    self.asnumpy()[...] = np.random.normal(mean, std, self.shape)
    return self


def _kernel_of_seeds(self: Any, mean: float = 0, std: float = 1, *, generator: Any = None) -> Any:
    self.asnumpy()[...] = ops.standard_normal(self.shape).asnumpy() * std + mean
    return self


def _generator(self: Any, mean: float = 0, std: float = 1, *, generator: Any = None) -> Any:
    seed, offset = (int(each.asnumpy()) for each in ms.default_generator._step(Tensor(10)))
    self.asnumpy()[...] = np.random.default_rng([seed, offset]).normal(mean, std, self.shape)
    return self


def _uniform(self: Any, from_: float = 0, to: float = 1, *, generator: Any = None) -> Any:
    self.asnumpy()[...] = np.random.uniform(from_, to, self.shape)
    return self


def _zero_whole(self: Any) -> Any:
    self[:] = 0
    return self


def _zero_copy(self: Any) -> Any:
    self.asnumpy()[...] = 0
    return self


@pytest.mark.parametrize("normal", [_numpy, _kernel_of_seeds, _generator])
@pytest.mark.parametrize("zero", [_zero_whole, _zero_copy])
def test_a_build_with_substitutes_equals_its_eager_twin(
    normal: Any, zero: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever generator they draw from; and a row that is a copy, as a part is on a CPU, leaves the whole as it was."""
    monkeypatch.setattr(Tensor, "normal_", normal)
    monkeypatch.setattr(Tensor, "uniform_", _uniform)
    monkeypatch.setattr(Tensor, "zero_", zero)
    monkeypatch.setattr(_substitutes, "_TRIED", {})
    monkeypatch.setattr(_substitutes, "_WITHOUT_NUMPY", set())
    found = []
    for lazy in (False, True):
        ms.set_seed(3)
        ms.manual_seed(4)
        if lazy:
            with no_init_parameters():
                net = Net()
            assert len(uninitialized(net)) == 3
        else:
            net = Net()
        after = np.random.rand()
        init_parameters_data(net)
        found.append(([each.asnumpy().tobytes() for each in net.get_parameters()], after))
    assert found[0] == found[1]
    assert net.table.asnumpy()[1].any() == (zero is _zero_copy)


def test_what_no_device_of_this_kind_has_is_not_a_substitute() -> None:
    """MindSpore's own methods fail on a CPU, and are tried again: a substitute may come later."""
    state = np.random.get_state()[1].tolist()
    assert not _substitutes.is_substituted("normal_")
    assert not _substitutes.is_substituted("zero_")
    assert np.random.get_state()[1].tolist() == state
