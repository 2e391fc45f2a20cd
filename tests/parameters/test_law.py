"""MindSpore's initializers and the laws that lazycell draws them by, held to MindSpore's own values."""

from __future__ import annotations

import math
from typing import Any

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor
from mindspore.common import initializer as mi
from scipy.stats import ks_2samp

from lazycell import InitializationError, LazyCell, Param
from lazycell.parameters._law import _RULES, law_of
from lazycell.streams import Normal, TruncatedNormal, Uniform, stream_key
from tests.streams.laws import tensor

MATRIX, KERNEL = (500, 300), (60, 40, 8, 8)
_KEY = stream_key(1, "weight")


def ours(initializer: mi.Initializer, shape: tuple[int, ...], dtype: str = "float32") -> Any:
    """Draw by the law."""
    law = law_of(initializer, shape)
    assert law is not None
    return tensor(law, _KEY, shape, dtype)


def mindspores(initializer: mi.Initializer, shape: tuple[int, ...], dtype: Any = ms.float32) -> Any:
    """Have MindSpore draw."""
    np.random.seed(4)
    return Tensor(shape=shape, dtype=dtype, init=initializer).init_data().asnumpy()


def test_every_initializer_of_mindspore_has_a_rule() -> None:
    """One that a new release adds is noticed here."""
    exported = {getattr(mi, name) for name in mi.__all__}
    classes = {each for each in exported if isinstance(each, type) and issubclass(each, mi.Initializer)}
    assert set(_RULES) == classes - {mi.Initializer}


# ------------------------------------------------------------------------------------------------------ random ones

BOTH = [MATRIX, KERNEL]
RANDOM: list[tuple[mi.Initializer, list[tuple[int, ...]]]] = [
    (mi.Normal(), [MATRIX, (150_000,)]),
    (mi.Normal(2.0, -1.0), [MATRIX]),
    (mi.Uniform(), [MATRIX, (150_000,)]),
    (mi.Uniform(3), [MATRIX]),
    (mi.TruncatedNormal(), [MATRIX]),
    (mi.TruncatedNormal(1.0), [MATRIX, (150_000,)]),
    (mi.TruncatedNormal(0.5, 1.0, 0.5, 3.0), [MATRIX]),
    (mi.TruncatedNormal(1.0, 0.0, 3.0, 4.0), [MATRIX]),
    (mi.TruncatedNormal(2.0, 1.0, -5.0, -1.0), [MATRIX]),
    (mi.XavierUniform(), BOTH),
    (mi.XavierUniform(2.5), BOTH),
    (mi.XavierNormal(), BOTH),
    (mi.XavierNormal(0.3), BOTH),
    (mi.HeUniform(), BOTH),
    (mi.HeUniform(math.sqrt(5)), BOTH),
    (mi.HeUniform(None), [MATRIX]),  # type: ignore[arg-type]
    (mi.HeUniform(mode="fan_out", nonlinearity="relu"), BOTH),
    (mi.HeUniform(nonlinearity="tanh"), [MATRIX]),
    (mi.HeNormal(), BOTH),
    (mi.HeNormal(1, "FAN_OUT", "leaky_relu"), BOTH),
    (mi.HeNormal(nonlinearity="sigmoid"), [MATRIX]),
    *(
        (mi.VarianceScaling(scale, mode, distribution), BOTH)
        for scale, mode in ((1.0, "fan_in"), (2.0, "fan_out"), (0.5, "fan_avg"))
        for distribution in ("uniform", "untruncated_normal", "truncated_normal")
    ),
]


@pytest.mark.parametrize(
    ("initializer", "shape"),
    [
        pytest.param(each, shape, id=f"{type(each).__name__}-{len(shape)}d")
        for each, shapes in RANDOM
        for shape in shapes
    ],
)
def test_values_are_distributed_as_mindspores(initializer: mi.Initializer, shape: tuple[int, ...]) -> None:
    """Two samples of 150 000: the whole distribution, the mean, and the standard deviation."""
    mine, theirs = (draw(initializer, shape).reshape(-1).astype(float) for draw in (ours, mindspores))
    assert ks_2samp(mine, theirs).pvalue > 1e-4
    error = theirs.std() * math.sqrt(2 / theirs.size)
    assert abs(mine.mean() - theirs.mean()) < 5 * error
    assert abs(mine.std() - theirs.std()) < 5 * error
    law = law_of(initializer, shape)
    if isinstance(law, Uniform):  # of which the bounds say more: they are nearly reached
        assert (mine.max(), mine.min()) == pytest.approx((law.high, law.low), rel=2e-4)
        assert (theirs.max(), theirs.min()) == pytest.approx((law.high, law.low), rel=2e-4)


@pytest.mark.parametrize("shape", [(300, 500), (500, 300), (60, 5, 3, 3)])
def test_orthogonal_values_are_distributed_as_mindspores(shape: tuple[int, ...]) -> None:
    """And both are orthogonal, along the same axis."""
    initializer = mi.Orthogonal(1.5)
    mine, theirs = (draw(initializer, shape).reshape(shape[0], -1) for draw in (ours, mindspores))
    assert ks_2samp(mine.reshape(-1), theirs.reshape(-1)).pvalue > 1e-4
    for matrix in (mine, theirs):
        product = matrix @ matrix.T if matrix.shape[0] < matrix.shape[1] else matrix.T @ matrix
        assert np.allclose(product, 1.5**2 * np.eye(len(product)), atol=1e-5)


@pytest.mark.parametrize("sparsity", [0.0, 0.1, 0.35, 1.0])
def test_sparse_values_are_distributed_as_mindspores(sparsity: float) -> None:
    """The same number of zeros in each column, and the others alike."""
    initializer, shape = mi.Sparse(sparsity, 0.2), (410, 400)
    mine, theirs = (draw(initializer, shape) for draw in (ours, mindspores))
    assert ((mine == 0).sum(axis=0) == (theirs == 0).sum(axis=0)).all()
    if sparsity < 1:
        assert ks_2samp(mine[mine != 0], theirs[theirs != 0]).pvalue > 1e-4


# ----------------------------------------------------------------------------- where MindSpore's documentation errs


def test_bounds_of_truncated_normal_are_values() -> None:
    """Not standard deviations, as torch's are not either: by default nothing is ever cut off."""
    assert law_of(mi.TruncatedNormal(0.01), MATRIX) == TruncatedNormal(0.0, 0.01, -2.0, 2.0)
    for drawn in (ours(mi.TruncatedNormal(0.01), MATRIX), mindspores(mi.TruncatedNormal(0.01), MATRIX)):
        assert np.abs(drawn).max() > 4 * 0.01


def test_variance_scaling_is_uniform_by_default() -> None:
    """The default, "truncated_normal", is spelled otherwise where MindSpore asks for it."""
    initializer = mi.VarianceScaling(2.0)
    assert initializer.distribution == "truncated_normal"
    limit = math.sqrt(3 * 2 / 300)
    assert law_of(initializer, MATRIX) == Uniform(-limit, limit)
    theirs = mindspores(initializer, MATRIX)
    assert limit * 0.999 < np.abs(theirs).max() < limit * 1.000001
    assert np.abs(theirs).mean() == pytest.approx(limit / 2, rel=0.02)


# ------------------------------------------------------------------------------------------------ those not random

_DTYPES = [("float32", ms.float32), ("float16", ms.float16), ("int32", ms.int32), ("bool", ms.bool_)]
DETERMINED = [
    (mi.Zero(), (3, 2)),
    (mi.One(), (3, 2)),
    (mi.One(), ()),
    (mi.Constant(1), (4,)),
    (mi.Constant(True), (4,)),
    (mi.Constant(0.1), (4,)),
    (mi.Identity(), (3, 5)),
    (mi.Identity(), (5, 3)),
    (mi.Dirac(), (4, 3, 5)),
    (mi.Dirac(2), (4, 3, 5, 2)),
    (mi.Dirac(3), (6, 4, 2, 1, 3)),
]


@pytest.mark.parametrize(("name", "dtype"), _DTYPES)
@pytest.mark.parametrize(("initializer", "shape"), DETERMINED)
def test_what_is_not_random_is_mindspores(
    initializer: mi.Initializer, shape: tuple[int, ...], name: str, dtype: Any
) -> None:
    """To the last bit, in integers too."""
    mine, theirs = ours(initializer, shape, name), mindspores(initializer, shape, dtype)
    assert (mine.dtype, mine.tobytes()) == (theirs.dtype, theirs.tobytes())


# ---------------------------------------------------------------------------------------------------------- others


def test_a_subclass_is_not_taken_for_its_base() -> None:
    """It may do anything: it is run as it is."""

    class Halved(mi.Normal):  # type: ignore[misc]
        """Normal values, all positive."""

        def _initialize(self, arr: Any) -> None:
            super()._initialize(arr)
            np.abs(arr, out=arr)

    assert law_of(mi.Normal(), (2,)) == Normal(0.0, 0.01)
    assert law_of(Halved(), (2,)) is None

    class Net(LazyCell):
        w: Param[Halved(0.5), (40, 5)]

    net = Net()
    net.init_parameters_data(seed=1)
    assert (net.w.asnumpy() > 0).all()


WRONG: list[tuple[mi.Initializer, tuple[int, ...], str]] = [
    (mi.XavierUniform(), (3,), "at least two dimensions"),
    (mi.XavierNormal(), (3,), "at least two dimensions"),
    (mi.HeUniform(), (3,), "at least two dimensions"),
    (mi.HeNormal(), (), "at least two dimensions"),
    (mi.VarianceScaling(), (3,), "at least two dimensions"),
    (mi.Orthogonal(), (3,), "at least two dimensions"),
    (mi.HeNormal(mode="avg"), (3, 3), "mode='avg'"),
    (mi.HeNormal(nonlinearity="gelu"), (3, 3), "nonlinearity='gelu'"),
    (mi.Normal(-1.0), (3,), "sigma=-1.0 has to be 0 or more"),
    (mi.Normal(math.nan), (3,), "sigma=nan has to be 0 or more"),
    (mi.TruncatedNormal(-1.0), (3,), "sigma=-1.0 has to be 0 or more"),
    (mi.TruncatedNormal(1.0, 0.0, 2.0, 2.0), (3,), "a=2.0 has to be less than b=2.0"),
    (mi.XavierNormal(-1), (3, 3), "has to be 0 or more"),
    (mi.Sparse(0.5, -1.0), (3, 3), "sigma=-1.0 has to be 0 or more"),
    (mi.Sparse(float("nan")), (3, 3), "sparsity=nan has to be between 0 and 1"),
    (mi.Sparse(1.5), (3, 3), "sparsity=1.5 has to be between 0 and 1"),
    (mi.Sparse(0.5), (3, 3, 3), "it initializes matrices"),
    (mi.Identity(), (3,), "it initializes matrices"),
    (mi.Dirac(), (3, 3), "3, 4 or 5 dimensions"),
    (mi.Dirac(2), (3, 3, 3), "the first dimension, 3, is not divisible by groups=2"),
]


@pytest.mark.parametrize(("initializer", "shape", "message"), WRONG, ids=lambda each: getattr(each, "pattern", None))
def test_what_cannot_be_used_for_a_shape_is_refused(
    initializer: mi.Initializer, shape: tuple[int, ...], message: str
) -> None:
    """By a net with the parameter's name, and nothing has values then."""
    with pytest.raises(ValueError, match=message):
        law_of(initializer, shape)

    class Net(LazyCell):
        good: Param["normal", (2,)]
        bad: Param[initializer, shape]

    net = Net()
    with pytest.raises(InitializationError, match=message) as caught:
        net.init_parameters_data()
    assert "'bad'" in str(caught.value)
    assert type(initializer).__name__ in str(caught.value)
    assert [entry.state for entry in _status(net)] == ["declared", "declared"]


def _status(net: LazyCell) -> Any:
    import lazycell

    return lazycell.status(net).values()
