"""Models of mindone's transformers, one of a kind, in small configs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any

from . import _small
from ._model import Inputs, Model, floats, words


def _build(name: str, options: dict[str, Any]) -> Any:
    kind = getattr(import_module("mindone.transformers"), name)
    config = _small.config(kind.config_class, **options)
    config._attn_implementation = "eager"
    return kind(config)


def _model(name: str, inputs: Callable[[], Inputs], **options: Any) -> Model:
    return Model(name, "mindone.transformers", partial(_build, name, options), inputs)


def _text() -> Inputs:
    return {"input_ids": words()}


def _once() -> Inputs:
    return {**_text(), "use_cache": False}


def _both() -> Inputs:
    return {"input_ids": words(), "decoder_input_ids": words(7)}


def _pixels(size: int = 32) -> Inputs:
    return {"pixel_values": floats(1, 3, size, size)}


def _text_and_pixels() -> Inputs:
    return {**_text(), **_pixels()}


def _wave() -> Inputs:
    return {"input_values": floats(1, 2000)}


def _spectrum(bins: int, length: int) -> Inputs:
    return {"input_features": floats(1, bins, length), "decoder_input_ids": words(7)}


_TEXT = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "vocab_size": 99}
_TEXT |= {"max_position_embeddings": 64}
_IMAGE = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
_IMAGE |= {"image_size": 32, "patch_size": 8}
_PARTS = {"text_config": _TEXT, "vision_config": _IMAGE}
_WAVE = {"conv_dim": (32, 32), "conv_stride": (5, 4), "conv_kernel": (10, 8), "num_feat_extract_layers": 2}
_WAVE |= {"num_conv_pos_embeddings": 16, "num_conv_pos_embedding_groups": 2}
_STAGES = {"depths": [1, 1, 1, 1], "hidden_sizes": [8, 16, 16, 32]}
_SWIN = {"embed_dim": 16, "depths": [1, 2], "num_heads": [2, 4], "window_size": 4, "patch_size": 4}

TEXT = (
    _model("BertModel", _text),
    _model("GPT2LMHeadModel", _text),
    _model("LlamaForCausalLM", _text),
    _model("T5ForConditionalGeneration", _both),
    _model("BartForConditionalGeneration", _both),
    _model("Qwen2MoeForCausalLM", _text),
    _model("Gemma2ForCausalLM", _text),
    _model("MambaForCausalLM", _text),
    _model("DistilBertModel", _text),
    _model("AlbertModel", _text),
    _model("ElectraModel", _text),
    _model("DebertaV2Model", _text, relative_attention=True, pos_att_type=["p2c", "c2p"], position_buckets=8),
    _model("MPNetModel", _text),
    _model("XLNetModel", _text),
    _model("FunnelModel", _text, block_sizes=[1, 1], d_head=8, d_inner=64),
    _model("BloomForCausalLM", _text),
    _model("FalconForCausalLM", _text),
    _model("OPTForCausalLM", _text, word_embed_proj_dim=32),
    _model("MixtralForCausalLM", _text),
    _model("Qwen3ForCausalLM", _once),
    _model(
        "DeepseekV2ForCausalLM",
        _once,
        num_key_value_heads=4,
        kv_lora_rank=8,
        q_lora_rank=8,
        qk_nope_head_dim=8,
        qk_rope_head_dim=8,
        v_head_dim=8,
    ),
    _model("RwkvForCausalLM", _text),
    _model("LongformerModel", _text, attention_window=4),
    _model("FNetModel", _text),
    _model("ConvBertModel", _text),
    _model("SwitchTransformersForConditionalGeneration", _both),
)

IMAGES = (
    _model("CLIPModel", _text_and_pixels, **_PARTS),
    _model("SwinModel", _pixels, **_SWIN),
    _model("ResNetModel", _pixels, embedding_size=8, **_STAGES),
    _model("ConvNextModel", partial(_pixels, 64), **{**_STAGES, "patch_size": 4}),
    _model("BeitModel", _pixels),
    _model("Dinov2Model", _pixels),
    _model(
        "MobileViTModel",
        partial(_pixels, 64),
        image_size=64,
        hidden_sizes=[16, 24, 32],
        neck_hidden_sizes=[8, 8, 16, 16, 16, 16, 16],
        patch_size=2,
    ),
    _model("PoolFormerModel", partial(_pixels, 64), **_STAGES),
    _model("RegNetModel", _pixels, embedding_size=8, groups_width=8, **_STAGES),
    _model("SiglipModel", _text_and_pixels, **_PARTS),
    _model("DPTModel", _pixels),
    _model(
        "VideoMAEModel",
        lambda: {"pixel_values": floats(1, 2, 3, 32, 32), "bool_masked_pos": None},
        num_frames=2,
        tubelet_size=2,
    ),
)

SOUND = (
    _model("WhisperForConditionalGeneration", partial(_spectrum, 8, 128), num_mel_bins=8, decoder_start_token_id=1),
    _model("Wav2Vec2Model", _wave, **_WAVE),
    _model("WavLMModel", _wave, **_WAVE),
    _model("ASTModel", lambda: {"input_values": floats(1, 32, 16)}, max_length=32, num_mel_bins=16),
    _model(
        "EncodecModel",
        lambda: {"input_values": floats(1, 1, 640)},
        num_filters=4,
        hidden_size=16,
        codebook_size=16,
        codebook_dim=16,
    ),
    _model(
        "DacModel",
        lambda: {"input_values": floats(1, 1, 640)},
        encoder_hidden_size=8,
        downsampling_ratios=[2, 4],
        decoder_hidden_size=16,
        n_codebooks=2,
        codebook_size=16,
        codebook_dim=4,
    ),
)

MODELS = (*TEXT, *IMAGES, *SOUND)
