"""The layers that the families share, each a declaration and a formula."""

from typing import Any, ClassVar

import mindspore
from mindspore import Parameter, Tensor, ops

from lazycell import Enter, Gather, LazyCell, Leave, Param, former, hyper, param, place_of, rename, shard_of, when

from .outputs import States


def cast(x: Tensor, dtype: Any) -> Tensor:
    """Give `x` in a dtype, without a call of MindSpore if it has that, as most have.

    Args:
        x: of any shape and dtype.
        dtype: one of MindSpore's.

    Returns:
        `x` itself, if it has the dtype.
    """
    return x if x.dtype == dtype else x.astype(dtype)


_PRODUCT = ops.MatMul(transpose_b=True)
_OUTER = ops.MatMul()


def product(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Compute x Wᵀ + b of the last axis: from (…, in) to (…, out), with W (out, in) and b (out,), all of one dtype.

    The weight is read where it lies: on CPU `ops.dense(x, W)` and `ops.matmul(x, W.T)` write the transposed weight anew
    at every call, which takes many times as long as the product of a few rows.

    Args:
        x: (…, in).
        weight: (out, in), of the dtype of `x`.
        bias: (out,), likewise, or None.

    Returns:
        (…, out), of the same dtype.
    """
    flat = _PRODUCT(x.reshape(-1, weight.shape[1]), weight)
    if bias is not None:
        flat = ops.bias_add(flat, bias)
    return flat.reshape((*x.shape[:-1], weight.shape[0]))


class Part(LazyCell):
    """A part of a model, which knows the model's hyperparameters as `config`: `child(Block, SELF)`."""

    config: Any


class Linear(LazyCell):
    """Affine map of the last axis: `y = x Wᵀ + b`, from (…, in_features) to (…, out_features).

    Where ranks divide `out_features`, each gives its part; where they divide `in_features`, each takes its part, and
    the sum of what they make of it is given.
    """

    divided: ClassVar[bool] = False

    in_features: int
    out_features: int
    use_bias: bool = True
    initializer: Any = hyper("he_uniform", doc="initializer of the weight")

    weight: Param[initializer, (out_features, in_features)]
    bias: Param["zeros", (out_features,)] = when(use_bias)

    def __post_init__(self) -> None:
        rows, columns = shard_of(self.weight)
        if rows is not None or columns is not None:
            self.divided = True  # type: ignore[misc]
            self.enter = None if rows is None else Enter(rows)
            self.leave = None if columns is None else Leave(columns)

    def construct(self, x: Tensor) -> Tensor:
        """Compute y = x Wᵀ + b of the last axis.

        Args:
            x: (…, in_features), in the dtype of the weight.

        Returns:
            (…, out_features), in the same dtype; where ranks divide `out_features`, this rank's part of it.
        """
        if not self.divided:
            return product(x, self.weight, self.bias)
        if self.enter is not None:
            x = self.enter(x)
        if self.leave is None:
            return product(x, self.weight, self.bias)
        y = self.leave(product(x, self.weight))  # the bias is added once
        return y if self.bias is None else ops.add(y, self.bias)


class WholeLinear(Linear):
    """A linear map whose output every rank has whole, where ranks divide `out_features`: scores of words."""

    joined: ClassVar[bool] = False

    def __post_init__(self) -> None:
        super().__post_init__()
        rows = shard_of(self.weight)[0]
        if rows is not None:
            self.joined, self.gather = True, Gather(rows)  # type: ignore[misc]

    def construct(self, x: Tensor) -> Tensor:
        """Compute y = x Wᵀ + b of the last axis.

        Args:
            x: (…, in_features), in the dtype of the weight.

        Returns:
            (…, out_features), in the same dtype, of all ranks.
        """
        return self.gather(super().construct(x)) if self.joined else super().construct(x)


class Embedding(LazyCell):
    """A table of vectors, looked up by id: from any shape of ids to (*shape, width).

    Where ranks divide `size`, each finds what is in its part of the table, and every rank gets all.
    """

    divided: ClassVar[bool] = False

    size: int
    width: int
    initializer: Any = hyper("normal", doc="initializer of the table")

    weight: Param[initializer, (size, width)]

    def __post_init__(self) -> None:
        rows = shard_of(self.weight)[0]
        if rows is not None:
            self.divided, self.leave = True, Leave(rows)  # type: ignore[misc]
            self.first = place_of(self.weight)[0][0]

    def construct(self, ids: Tensor) -> Tensor:
        """Look ids up.

        Args:
            ids: of any shape, int32 or int64, each less than `size`.

        Returns:
            (*shape, width), in the dtype of the table.
        """
        if not self.divided:
            return ops.gather(self.weight, ids, 0)
        row = ids - self.first
        own = ops.logical_and(row >= 0, row < self.weight.shape[0])
        found = ops.gather(self.weight, row * own.astype(row.dtype), 0)
        return self.leave(found * own[..., None].astype(found.dtype))


class LayerNorm(LazyCell):
    """Normalization of the last axis to mean 0 and variance 1, then scaled and shifted (Ba et al. 2016).

    Checkpoints may call the weight `gamma` and the bias `beta`.
    """

    width: int
    eps: float = 1e-5

    weight: Param["ones", (width,)]
    bias: Param["zeros", (width,)]
    rename({"gamma": former("weight"), "beta": former("bias")})

    def __post_init__(self) -> None:
        # The primitive: ops.layer_norm has no CPU kernel in MindSpore 2.10.
        self.normalize = ops.LayerNorm(begin_norm_axis=-1, begin_params_axis=-1, epsilon=self.eps)

    def construct(self, x: Tensor) -> Tensor:
        """Normalize the last axis.

        Args:
            x: (…, width), in the dtype of the weight.

        Returns:
            (…, width), in the same dtype.
        """
        return self.normalize(x, self.weight, self.bias)[0]


class Dropout(LazyCell):
    """Zeroes elements with probability `rate` while training, and scales the others; the identity otherwise."""

    rate: float = 0.0

    def construct(self, x: Tensor) -> Tensor:
        """Zero some elements, and scale the others, while training.

        Args:
            x: of any shape and floating-point dtype.

        Returns:
            The same shape and dtype.
        """
        return ops.dropout(x, p=self.rate, training=True) if self.training and self.rate > 0 else x


class RMSNorm(LazyCell):
    """Division of the last axis by its root mean square, in float32, then scaled (Zhang and Sennrich 2019)."""

    width: int
    eps: float = 1e-6

    weight: Param["ones", (width,)]

    def construct(self, x: Tensor) -> Tensor:
        """Divide the last axis by its root mean square, and scale it.

        Args:
            x: (…, width), of any floating-point dtype.

        Returns:
            (…, width), in the dtype of the weight.
        """
        x = cast(x, mindspore.float32)
        factor = ops.rsqrt(ops.add(ops.square(x).mean(dim=-1, keepdim=True), self.eps))
        # Every row's factor times every column's, as a product, since MindSpore's CPU multiplies what has to be
        # broadcast several times as slowly as what has one shape.
        scale = _OUTER(factor.reshape(-1, 1), self.gain().reshape(1, -1))
        return cast(x * scale.reshape(x.shape), self.weight.dtype)

    def gain(self) -> Tensor:
        """Give what the normalized numbers are multiplied by, (width,), float32.

        Returns:
            (width,), float32.
        """
        return cast(self.weight, mindspore.float32)


class HeadNorm(RMSNorm):
    """The same of each head: ranks that have some of the heads each use the whole weight for those."""

    weight: Parameter = param("ones", (width,), partial="tp")


def run(layers: Any, x: Tensor, mask: Tensor) -> States:
    """Give `x` and the output of each layer of an encoder, each (batch, sequence, hidden).

    Args:
        layers: cells that are called with what the one before gave, and the mask.
        x: what the first one gets, (batch, sequence, hidden).
        mask: added to the scores of attention: (batch, heads, sequence, sequence) or what broadcasts to it, float32.

    Returns:
        One more than there are layers.
    """
    states: States = (x,)
    for layer in layers:
        x = layer(x, mask)
        states += (x,)
    return states
