"""A draft that `lazycell draft` made from model.safetensors, config.json.

Names, shapes and dtypes are those of the file. What is computed is to be written:
each `construct` raises. Comments say what the file could not decide.
"""

from typing import Any

from mindspore import nn

from lazycell import UNUSED, ConfigRules
from lazycell.typed import (
    INDEX,
    SELF,
    LazyCell,
    Parameter,
    Tensor,
    buffer,
    cells,
    child,
    children,
    hyper,
    param,
    rename,
    when,
)
from models.layers import Linear


class BatchNorm(LazyCell):
    """Normalization by statistics of the training, as PyTorch stores it."""

    width: int = hyper()

    weight: Parameter = param("ones", (width,))
    bias: Parameter = param("zeros", (width,))
    running_mean: Tensor = buffer("zeros", (width,))
    running_var: Tensor = buffer("ones", (width,))
    rename({"num_batches_tracked": UNUSED})  # a counter that nothing is computed with

    def construct(self, x: Tensor) -> Tensor:
        raise NotImplementedError("BatchNorm: write how x is normalized here")


class Conv2d(LazyCell):
    """A convolution of PyTorch's; what is called `in_channels` are those of one group."""

    in_channels: int = hyper()
    out_channels: int = hyper()
    kernel_size: tuple[int, ...] = hyper()
    use_bias: bool = True
    initializer: Any = "he_uniform"
    bias_initializer: Any = "zeros"

    weight: Parameter = param(
        initializer,
        (out_channels, in_channels, kernel_size[0], kernel_size[1]),
    )
    bias: Parameter | None = when(use_bias, param(bias_initializer, (out_channels,)))

    def construct(self, x: Tensor) -> Tensor:
        raise NotImplementedError("Conv2d: write its stride, padding and groups here")


class EmbedderEmbedder(LazyCell):
    """`resnet.embedder.embedder`, and 2 more places."""

    width: int = hyper()
    in_channels: int = hyper()
    kernel_sizes: tuple[int, ...] = hyper()

    normalization: BatchNorm = child(BatchNorm, width)
    convolution: Conv2d = child(
        Conv2d,
        in_channels,
        width,
        kernel_sizes,
        use_bias=False,
    )

    def construct(self, x: Tensor) -> Tensor:
        raise NotImplementedError("EmbedderEmbedder: write what is computed of x")


class Embedder(LazyCell):
    """`resnet.embedder`."""

    config: Any = hyper()

    embedder: EmbedderEmbedder = child(
        EmbedderEmbedder,
        width=config.embedding_size,
        in_channels=config.num_channels,
        kernel_sizes=(7, 7),
    )

    def construct(self, x: Tensor) -> Tensor:
        raise NotImplementedError(
            "Embedder: write what is computed of x by self.embedder"
        )


class Layer(LazyCell):
    """`resnet.encoder.stages.{i}.layers.{i}`."""

    widths: tuple[int, ...] = hyper()
    in_channels: tuple[int, ...] = hyper()
    width: int = hyper()
    convolution_in_channels: int = hyper()
    has_shortcut: bool = hyper()
    # by position; no config gives it
    kernel_sizes: Any = ((1, 1), (3, 3), (1, 1))

    # nothing in the config is count=3
    layer: list[EmbedderEmbedder] = children(
        3,
        EmbedderEmbedder,
        width=widths[INDEX],
        in_channels=in_channels[INDEX],
        kernel_sizes=kernel_sizes[INDEX],
    )
    shortcut: EmbedderEmbedder | None = when(
        has_shortcut,
        child(
            EmbedderEmbedder,
            width=width,
            in_channels=convolution_in_channels,
            kernel_sizes=(1, 1),
        ),
    )

    def construct(self, x: Tensor) -> Tensor:
        raise NotImplementedError(
            "Layer: write what is computed of x by self.layer, self.shortcut"
        )


class Stage(LazyCell):
    """`resnet.encoder.stages.{i}`."""

    count: int = hyper()
    widths: tuple[int, ...] = hyper()
    in_channels: Any = hyper()
    normalization_widths: tuple[int, ...] = hyper()
    convolution_in_channels: tuple[int, ...] = hyper()

    layers: list[Layer] = children(
        count,
        Layer,
        widths=widths,
        in_channels=in_channels[INDEX],
        width=normalization_widths[INDEX],
        convolution_in_channels=convolution_in_channels[INDEX],
        has_shortcut=INDEX == 0,
    )

    def construct(self, x: Tensor) -> Tensor:
        raise NotImplementedError("Stage: write what is computed of x by self.layers")


class Encoder(LazyCell):
    """`resnet.encoder`."""

    config: Any = hyper()
    # by position; no config gives it
    widths: Any = ((4, 4, 16), (6, 6, 24), (8, 8, 32))
    # by position; no config gives it
    in_channels: Any = (
        ((8, 4, 4), (16, 4, 4)),
        ((16, 6, 6),),
        ((24, 8, 8), (32, 8, 8)),
    )
    # by position; no config gives it
    normalization_widths: Any = ((16, 16), (24,), (32, 16))
    # by position; no config gives it
    convolution_in_channels: Any = ((8, 8), (16,), (24, 8))

    # nothing in the config is count=3
    stages: list[Stage] = children(
        3,
        Stage,
        count=config.depths[INDEX],
        widths=widths[INDEX],
        in_channels=in_channels[INDEX],
        normalization_widths=normalization_widths[INDEX],
        convolution_in_channels=convolution_in_channels[INDEX],
    )

    def construct(self, x: Tensor) -> Tensor:
        raise NotImplementedError("Encoder: write what is computed of x by self.stages")


class Resnet(LazyCell):
    """`resnet`."""

    config: Any = hyper()

    embedder: Embedder = child(Embedder, config)
    encoder: Encoder = child(Encoder, config)

    def construct(self, x: Tensor) -> Tensor:
        raise NotImplementedError(
            "Resnet: write what is computed of x by self.embedder, self.encoder"
        )


class ResNetForImageClassification(LazyCell):
    """The model; its hyperparameters are the keys of `config.json`."""

    depths: Any = (2, 1, 2)
    embedding_size: int = 8
    hidden_sizes: Any = (16, 24, 32)
    num_channels: int = 3

    # No shape here tells what these do:
    downsample_in_first_stage: bool = False
    hidden_act: str = "relu"

    # What another value of these would add, the file does not show:
    config_rules = ConfigRules(only={"layer_type": "bottleneck"})

    resnet: Resnet = child(Resnet, SELF)
    # nothing in the config is out_features=3
    classifier: list[Any] = cells(
        child(nn.Identity),
        child(Linear, hidden_sizes[-1], 3),
    )

    def construct(self, x: Tensor) -> Tensor:
        raise NotImplementedError(
            "ResNetForImageClassification: write what is computed of x"
        )
