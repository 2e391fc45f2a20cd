"""Layers that a draft declares itself, since the zoo has none that stores what PyTorch's stores."""

from __future__ import annotations

from collections.abc import Iterator

_CONV = '''class {name}(LazyCell):
    """A convolution of PyTorch's; what is called `in_channels` are those of one group."""

    in_channels: int = hyper()
    out_channels: int = hyper()
    kernel_size: tuple[int, ...] = hyper()
    use_bias: bool = True
    initializer: Any = "he_uniform"
    bias_initializer: Any = "zeros"

    weight: Parameter = param(
        initializer,
        {shape},
    )
    bias: Parameter | None = when(use_bias, param(bias_initializer, (out_channels,)))

    def construct(self, x: Tensor) -> Tensor:
        raise NotImplementedError("{name}: write its stride, padding and groups here")
'''

_OTHERS = {
    "BatchNorm": '''class {name}(LazyCell):
    """Normalization by statistics of the training, as PyTorch stores it."""

    width: int = hyper()

    weight: Parameter = param("ones", (width,))
    bias: Parameter = param("zeros", (width,))
    running_mean: Tensor = buffer("zeros", (width,))
    running_var: Tensor = buffer("ones", (width,))
    rename({{"num_batches_tracked": UNUSED}})  # a counter that nothing is computed with

    def construct(self, x: Tensor) -> Tensor:
        raise NotImplementedError("{name}: write how x is normalized here")
''',
    "Dense": '''class {name}(LazyCell):
    """An affine map whose bias is drawn too: y = x W^T + b."""

    in_features: int = hyper()
    out_features: int = hyper()
    use_bias: bool = True
    initializer: Any = "he_uniform"
    bias_initializer: Any = "zeros"

    weight: Parameter = param(initializer, (out_features, in_features))
    bias: Parameter | None = when(use_bias, param(bias_initializer, (out_features,)))

    def construct(self, x: Tensor) -> Tensor:
        raise NotImplementedError("{name}: write x W^T + b")
''',
    "TurnedLinear": '''class {name}(LazyCell):
    """An affine map whose weight is stored as (in, out): y = x W + b."""

    in_features: int = hyper()
    out_features: int = hyper()

    weight: Parameter = param("normal", (in_features, out_features))
    bias: Parameter = param("zeros", (out_features,))

    def construct(self, x: Tensor) -> Tensor:
        raise NotImplementedError("{name}: write x W + b")
''',
}


def local_layers(kinds: set[str], spelled: dict[str, str]) -> Iterator[str]:
    """Give the source of those that are needed."""
    for kind in sorted(kinds):
        if kind.startswith("Conv"):
            axes = int(kind[4])
            shape = ", ".join(["out_channels", "in_channels", *(f"kernel_size[{axis}]" for axis in range(axes))])
            text = _CONV.format(name=spelled[kind], shape=f"({shape})")
            whole = f"    weight: Parameter = param(initializer, ({shape}))\n"
            broken = text[text.index("    weight:") : text.index("    bias:")]
            yield text.replace(broken, whole) if len(whole) <= 89 else text
        elif kind in _OTHERS:
            yield _OTHERS[kind].format(name=spelled[kind])
