"""Models of mindcv, one or two of a kind: the smallest of their names, with ten classes.

The sizes are those that the project gives them, since its factories have no smaller ones.
"""

from __future__ import annotations

from functools import partial
from importlib import import_module
from typing import Any

from ._model import Inputs, Model, floats


def _build(name: str, options: dict[str, Any]) -> Any:
    return import_module("mindcv").create_model(name, num_classes=10, **options)


def _image(size: int) -> Inputs:
    return {"0": floats(1, 3, size, size)}


def _model(name: str, size: int = 224, **options: Any) -> Model:
    return Model(name, "mindcv", partial(_build, name, options), partial(_image, size))


MODELS = (
    _model("resnet18", 64),
    _model("densenet121", 64),
    _model("mobilenet_v2_035_96", 96),
    _model("mobilenet_v3_small_075", 64),
    _model("efficientnet_b0", 64),
    _model("convnext_tiny", 64),
    _model("swin_tiny"),
    _model("vit_b_32_224"),
    _model("squeezenet1_1", 96),
    _model("shufflenet_v2_x0_5", 64),
    _model("cait_xxs24_224"),
    _model("cmt_tiny", 160),
    _model("coat_lite_tiny"),
    _model("convit_tiny"),
    _model("convnextv2_atto", 64),
    _model("crossvit_9", 240),
    _model("edgenext_xx_small", 256),
    _model("ghostnet_050", 64),
    _model("googlenet", 96),
    _model("inception_v3", 128),
    _model("mixnet_s", 64),
    _model("mlp_mixer_s_p32"),
    _model("mnasnet_050", 64),
    _model("mobilenet_v1_025", 64),
    _model("mobilevit_xx_small", 256),
    _model("pit_ti"),
    _model("pnasnet", 128),
    _model("poolformer_s12", 64),
    _model("pvt_v2_b0"),
    _model("regnet_x_200mf", 64),
    _model("repmlp_t224"),
    _model("repvgg_a0", 64),
    _model("resnest14", 64),
    _model("seresnet18", 64),
    _model("shufflenet_v1_g3_05", 64),
    _model("skresnet18", 64),
    _model("swinv2_tiny_window8", 256),
    _model("visformer_tiny"),
    _model("xcit_tiny_12_p16_224"),
    _model("BiT_resnet50", 64),
)
