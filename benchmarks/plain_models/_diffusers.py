"""Models of mindone's diffusers, one of a kind, small."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any

import numpy as np

from ._model import Inputs, Model, floats

_STEP = np.array([10], np.int64)
_HEADS = {"num_layers": 2, "num_attention_heads": 2, "attention_head_dim": 16}


def _build(name: str, options: dict[str, Any]) -> Any:
    return getattr(import_module("mindone.diffusers.models"), name)(**options)


def _model(name: str, inputs: Callable[[], Inputs], **options: Any) -> Model:
    return Model(name, "mindone.diffusers", partial(_build, name, options), inputs)


def _image(channels: int = 3, size: int = 16) -> Inputs:
    return {"sample": floats(1, channels, size, size)}


def _noisy(channels: int = 4, size: int = 16, words: int | None = 16) -> Inputs:
    text = {"encoder_hidden_states": floats(1, 6, words)} if words else {}
    return {**_image(channels, size), "timestep": _STEP, **text}


def _hidden(*shape: int, words: int | None = 32, **more: Any) -> Inputs:
    text = {"encoder_hidden_states": floats(1, 6, words)} if words else {}
    return {"hidden_states": floats(*shape), "timestep": _STEP, **text, **more}


_UNET = {"block_out_channels": (16, 32), "layers_per_block": 1, "norm_num_groups": 4}
_CROSS = {"cross_attention_dim": 16, "attention_head_dim": 4}
_2D = {
    "down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"),
    "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D"),
}
_3D = {
    "down_block_types": ("CrossAttnDownBlock3D", "DownBlock3D"),
    "up_block_types": ("UpBlock3D", "CrossAttnUpBlock3D"),
}
_CODER = {"down_block_types": ("DownEncoderBlock2D",) * 2, "up_block_types": ("UpDecoderBlock2D",) * 2}

MODELS = (
    _model(
        "UNet2DModel",
        partial(_noisy, 3, 16, None),
        down_block_types=("DownBlock2D", "AttnDownBlock2D"),
        up_block_types=("AttnUpBlock2D", "UpBlock2D"),
        **_UNET,
    ),
    _model("UNet2DConditionModel", _noisy, **_UNET, **_CROSS, **_2D),
    _model(
        "UNet3DConditionModel",
        lambda: {**_noisy(), "sample": floats(1, 4, 2, 16, 16)},
        **_UNET,
        **_3D,
        cross_attention_dim=16,
        attention_head_dim=4,
    ),
    _model(
        "UNetSpatioTemporalConditionModel",
        lambda: {**_noisy(), "sample": floats(1, 2, 8, 16, 16), "added_time_ids": floats(1, 3)},
        down_block_types=("CrossAttnDownBlockSpatioTemporal", "DownBlockSpatioTemporal"),
        up_block_types=("UpBlockSpatioTemporal", "CrossAttnUpBlockSpatioTemporal"),
        block_out_channels=(32, 64),
        layers_per_block=1,
        num_attention_heads=(2, 4),
        cross_attention_dim=16,
        addition_time_embed_dim=8,
        projection_class_embeddings_input_dim=24,
    ),
    _model("AutoencoderKL", partial(_image, 3, 16), **_CODER, **_UNET),
    _model(
        "AutoencoderTiny",
        partial(_image, 3, 32),
        encoder_block_out_channels=(8,) * 4,
        decoder_block_out_channels=(8,) * 4,
    ),
    _model("VQModel", partial(_image, 3, 16), **_CODER, **_UNET, num_vq_embeddings=16),
    _model(
        "AutoencoderOobleck",
        lambda: {"sample": floats(1, 2, 256)},
        encoder_hidden_size=8,
        downsampling_ratios=[2, 4],
        channel_multiples=[1, 2],
        decoder_channels=8,
        decoder_input_channels=4,
    ),
    _model(
        "AutoencoderDC",
        partial(_image, 3, 32),
        latent_channels=4,
        attention_head_dim=4,
        encoder_block_types=("ResBlock", "EfficientViTBlock"),
        decoder_block_types=("ResBlock", "EfficientViTBlock"),
        encoder_block_out_channels=(8, 16),
        decoder_block_out_channels=(8, 16),
        encoder_layers_per_block=(1, 1),
        decoder_layers_per_block=(1, 1),
        encoder_qkv_multiscales=((), (5,)),
        decoder_qkv_multiscales=((), (5,)),
    ),
    _model(
        "DiTTransformer2DModel",
        lambda: _hidden(1, 4, 8, 8, words=None, class_labels=np.array([3], np.int64)),
        sample_size=8,
        norm_num_groups=4,
        num_embeds_ada_norm=10,
        **_HEADS,
    ),
    _model(
        "PixArtTransformer2DModel",
        lambda: _hidden(1, 4, 8, 8, added_cond_kwargs={"resolution": None, "aspect_ratio": None}),
        sample_size=8,
        cross_attention_dim=32,
        caption_channels=32,
        norm_num_groups=4,
        use_additional_conditions=False,
        **_HEADS,
    ),
    _model(
        "FluxTransformer2DModel",
        lambda: _hidden(1, 16, 8, pooled_projections=floats(1, 16), img_ids=floats(16, 3), txt_ids=floats(6, 3)),
        in_channels=8,
        num_single_layers=1,
        joint_attention_dim=32,
        pooled_projection_dim=16,
        axes_dims_rope=(4, 6, 6),
        **_HEADS,
    ),
    _model(
        "SD3Transformer2DModel",
        lambda: _hidden(1, 4, 8, 8, pooled_projections=floats(1, 16)),
        sample_size=8,
        in_channels=4,
        out_channels=4,
        joint_attention_dim=32,
        caption_projection_dim=32,
        pooled_projection_dim=16,
        pos_embed_max_size=8,
        **_HEADS,
    ),
    _model(
        "SanaTransformer2DModel",
        lambda: _hidden(1, 4, 8, 8),
        in_channels=4,
        out_channels=4,
        num_cross_attention_heads=2,
        cross_attention_head_dim=16,
        cross_attention_dim=32,
        caption_channels=32,
        sample_size=8,
        **_HEADS,
    ),
    _model(
        "WanTransformer3DModel",
        lambda: _hidden(1, 4, 2, 8, 8),
        in_channels=4,
        out_channels=4,
        text_dim=32,
        freq_dim=16,
        ffn_dim=64,
        rope_max_seq_len=32,
        **_HEADS,
    ),
    _model(
        "CogVideoXTransformer3DModel",
        lambda: _hidden(1, 2, 4, 8, 8),
        in_channels=4,
        out_channels=4,
        time_embed_dim=8,
        text_embed_dim=32,
        sample_width=8,
        sample_height=8,
        sample_frames=5,
        max_text_seq_length=6,
        **_HEADS,
    ),
    _model(
        "LTXVideoTransformer3DModel",
        lambda: _hidden(1, 16, 8, encoder_attention_mask=np.ones((1, 6), np.float32), num_frames=1, height=4, width=4),
        in_channels=8,
        out_channels=8,
        cross_attention_dim=32,
        caption_channels=32,
        **_HEADS,
    ),
    _model(
        "PriorTransformer",
        lambda: {
            "hidden_states": floats(1, 16),
            "timestep": _STEP,
            "proj_embedding": floats(1, 16),
            "encoder_hidden_states": floats(1, 6, 16),
        },
        embedding_dim=16,
        num_embeddings=6,
        additional_embeddings=4,
        **_HEADS,
    ),
    _model("T2IAdapter", lambda: {"x": floats(1, 3, 64, 64)}, channels=[16, 32], num_res_blocks=1),
    _model(
        "StableAudioDiTModel",
        lambda: {
            "hidden_states": floats(1, 4, 16),
            "timestep": _STEP,
            "encoder_hidden_states": floats(1, 6, 16),
            "global_hidden_states": floats(1, 1, 16),
        },
        sample_size=16,
        in_channels=4,
        out_channels=4,
        num_key_value_attention_heads=2,
        cross_attention_dim=16,
        time_proj_dim=8,
        global_states_input_dim=16,
        cross_attention_input_dim=16,
        **_HEADS,
    ),
)
