"""What parameters are for, told by their names: the zoo's, and those of others."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import models
from lazycell.layout._entry import ManifestEntry
from lazycell.manifest._manifest import Manifest
from lazycell.viewer._data import ROLES
from lazycell.viewer._parameter_roles import roles_of
from tests.viewer.samples import entry, large

MANIFESTS = Path(models.__file__).parent / "manifests"

EMBEDDING, ATTENTION, FEED_FORWARD, EXPERTS, NORM, HEAD = ROLES

# Of each family of the zoo: a preset, and what a person says of some of its parameters.
ZOO: dict[str, dict[str, str]] = {
    "bert-base-uncased": {
        "embeddings.token_type_embeddings.weight": EMBEDDING,
        "embeddings.LayerNorm.weight": NORM,
        "encoder.layer.11.attention.self.key.bias": ATTENTION,
        "encoder.layer.3.attention.output.dense.weight": ATTENTION,
        "encoder.layer.3.attention.output.LayerNorm.bias": NORM,
        "encoder.layer.3.intermediate.dense.bias": FEED_FORWARD,
        "encoder.layer.3.output.dense.weight": FEED_FORWARD,
        "encoder.layer.3.output.LayerNorm.weight": NORM,
        "pooler.dense.weight": HEAD,
    },
    "roberta-base": {
        "embeddings.position_embeddings.weight": EMBEDDING,
        "encoder.layer.0.attention.self.value.weight": ATTENTION,
        "encoder.layer.0.output.dense.bias": FEED_FORWARD,
        "encoder.layer.0.output.LayerNorm.bias": NORM,
    },
    "distilbert-base-uncased": {
        "embeddings.word_embeddings.weight": EMBEDDING,
        "transformer.layer.5.attention.out_lin.bias": ATTENTION,
        "transformer.layer.5.sa_layer_norm.weight": NORM,
        "transformer.layer.5.ffn.lin1.weight": FEED_FORWARD,
        "transformer.layer.5.output_layer_norm.bias": NORM,
    },
    "gpt2-small": {
        "transformer.wte.weight": EMBEDDING,
        "transformer.wpe.weight": EMBEDDING,
        "transformer.h.10.attn.c_attn.bias": ATTENTION,
        "transformer.h.10.attn.c_proj.weight": ATTENTION,
        "transformer.h.10.mlp.c_proj.weight": FEED_FORWARD,
        "transformer.h.10.ln_1.bias": NORM,
        "transformer.ln_f.weight": NORM,
    },
    "t5-v1_1-small": {
        "shared.weight": EMBEDDING,
        "encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight": ATTENTION,
        "decoder.block.3.layer.1.EncDecAttention.o.weight": ATTENTION,
        "decoder.block.3.layer.2.DenseReluDense.wo.weight": FEED_FORWARD,
        "decoder.block.3.layer.2.layer_norm.weight": NORM,
        "lm_head.weight": HEAD,
    },
    "llama-2-7b": {
        "model.embed_tokens.weight": EMBEDDING,
        "model.layers.31.self_attn.o_proj.weight": ATTENTION,
        "model.layers.31.mlp.gate_proj.weight": FEED_FORWARD,
        "model.layers.31.post_attention_layernorm.weight": NORM,
        "model.norm.weight": NORM,
        "lm_head.weight": HEAD,
    },
    "mistral-7b-v0.3": {
        "model.layers.0.self_attn.k_proj.weight": ATTENTION,
        "model.layers.0.mlp.down_proj.weight": FEED_FORWARD,
        "model.layers.0.input_layernorm.weight": NORM,
    },
    "qwen2-7b": {
        "model.layers.9.self_attn.q_proj.bias": ATTENTION,
        "model.layers.9.mlp.up_proj.weight": FEED_FORWARD,
        "lm_head.weight": HEAD,
    },
    "qwen3-0.6b": {
        "model.layers.9.self_attn.q_norm.weight": NORM,
        "model.layers.9.self_attn.v_proj.weight": ATTENTION,
        "model.layers.9.mlp.up_proj.weight": FEED_FORWARD,
    },
    "gemma-2-2b": {
        "model.embed_tokens.weight": EMBEDDING,
        "model.layers.1.pre_feedforward_layernorm.weight": NORM,
        "model.layers.1.mlp.up_proj.weight": FEED_FORWARD,
    },
    "gemma-3-1b": {
        "model.layers.1.self_attn.k_norm.weight": NORM,
        "model.layers.1.self_attn.q_proj.weight": ATTENTION,
    },
    "mixtral-8x7b": {
        "model.layers.2.block_sparse_moe.gate.weight": EXPERTS,
        "model.layers.2.block_sparse_moe.experts.7.w2.weight": EXPERTS,
        "model.layers.2.self_attn.q_proj.weight": ATTENTION,
        "model.layers.2.input_layernorm.weight": NORM,
    },
    "qwen3-30b-a3b": {
        "model.layers.2.mlp.gate.weight": EXPERTS,
        "model.layers.2.mlp.experts.127.gate_proj.weight": EXPERTS,
        "model.layers.2.self_attn.k_norm.weight": NORM,
        "model.embed_tokens.weight": EMBEDDING,
    },
}

# Heads of the zoo, and models that it has not, by the names that their files have.
OTHERS: dict[str, dict[str, str]] = {
    "heads of the zoo": {
        "cls.predictions.transform.dense.weight": HEAD,
        "cls.predictions.transform.LayerNorm.weight": NORM,
        "cls.predictions.bias": HEAD,
        "classifier.weight": HEAD,
        "qa_outputs.bias": HEAD,
        "score.weight": HEAD,
        "vocab_transform.weight": HEAD,
        "vocab_layer_norm.weight": NORM,
        "pre_classifier.weight": HEAD,
        "lm_head.layer_norm.bias": NORM,
    },
    "BLOOM": {
        "transformer.word_embeddings.weight": EMBEDDING,
        "transformer.word_embeddings_layernorm.weight": NORM,
        "transformer.h.0.self_attention.query_key_value.weight": ATTENTION,
        "transformer.h.0.self_attention.dense.bias": ATTENTION,
        "transformer.h.0.mlp.dense_4h_to_h.weight": FEED_FORWARD,
    },
    "torchvision's ResNet": {
        "conv1.weight": "",
        "bn1.weight": NORM,
        "layer1.0.conv2.weight": "",
        "layer1.0.bn2.running_var": NORM,
        "layer2.0.downsample.0.weight": "",
        "layer2.0.downsample.1.weight": NORM,
        "layer2.0.downsample.1.bias": NORM,
        "layer2.0.downsample.1.running_mean": NORM,
        "layer2.0.downsample.1.num_batches_tracked": NORM,
        "fc.weight": HEAD,
        "fc.bias": HEAD,
    },
    "ViT": {
        "vit.embeddings.cls_token": EMBEDDING,
        "vit.embeddings.patch_embeddings.projection.weight": EMBEDDING,
        "vit.encoder.layer.0.attention.attention.query.weight": ATTENTION,
        "vit.encoder.layer.0.attention.output.dense.weight": ATTENTION,
        "vit.encoder.layer.0.output.dense.weight": FEED_FORWARD,
        "vit.encoder.layer.0.layernorm_before.weight": NORM,
    },
    "timm's ViT": {
        "cls_token": EMBEDDING,
        "pos_embed": EMBEDDING,
        "blocks.0.attn.qkv.weight": ATTENTION,
        "blocks.0.mlp.fc2.bias": FEED_FORWARD,
        "blocks.0.norm1.weight": NORM,
        "head.weight": HEAD,
    },
    "a UNet of diffusion": {
        "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q.weight": ATTENTION,
        "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_out.0.bias": ATTENTION,
        "down_blocks.0.attentions.0.transformer_blocks.0.ff.net.0.proj.weight": FEED_FORWARD,
        "down_blocks.0.attentions.0.transformer_blocks.0.norm1.weight": NORM,
        "time_embedding.linear_1.weight": EMBEDDING,
        "down_blocks.0.resnets.0.conv1.weight": "",
        "conv_norm_out.weight": NORM,
    },
    "Mixtral, from its file": {
        "model.layers.0.block_sparse_moe.experts.3.w1.weight": EXPERTS,
        "model.layers.0.block_sparse_moe.gate.weight": EXPERTS,
    },
    "DeepSeek": {
        "model.layers.0.mlp.gate_proj.weight": FEED_FORWARD,
        "model.layers.5.mlp.gate.weight": EXPERTS,
        "model.layers.5.mlp.gate.e_score_correction_bias": EXPERTS,
        "model.layers.5.mlp.experts.17.up_proj.weight": EXPERTS,
        "model.layers.5.mlp.shared_experts.down_proj.weight": EXPERTS,
        "model.layers.5.self_attn.kv_a_proj_with_mqa.weight": ATTENTION,
        "model.layers.5.self_attn.kv_a_layernorm.weight": NORM,
    },
    "Mamba": {
        "backbone.embeddings.weight": EMBEDDING,
        "backbone.layers.0.mixer.A_log": "",
        "backbone.layers.0.mixer.D": "",
        "backbone.layers.0.mixer.conv1d.weight": "",
        "backbone.layers.0.mixer.in_proj.weight": "",
        "backbone.layers.0.mixer.out_proj.weight": "",
        "backbone.layers.0.norm.weight": NORM,
        "backbone.norm_f.weight": NORM,
    },
    "RWKV": {
        "rwkv.blocks.0.attention.key.weight": ATTENTION,
        "rwkv.blocks.0.feed_forward.key.weight": FEED_FORWARD,
        "rwkv.blocks.0.ln1.weight": NORM,
    },
    "OPT": {
        "model.decoder.layers.0.self_attn.out_proj.bias": ATTENTION,
        "model.decoder.layers.0.fc1.weight": FEED_FORWARD,
        "model.decoder.layers.0.fc2.bias": FEED_FORWARD,
        "model.decoder.embed_positions.weight": EMBEDDING,
    },
    "PyTorch's own transformer": {
        "encoder.layers.0.self_attn.in_proj_weight": ATTENTION,
        "encoder.layers.0.linear1.weight": FEED_FORWARD,
        "encoder.layers.0.norm2.bias": NORM,
    },
    "LeNet, whose fc1 stands beside no attention": {
        "conv1.weight": "",
        "fc1.weight": "",
        "fc2.weight": "",
    },
    "Llama, as Meta names it": {
        "tok_embeddings.weight": EMBEDDING,
        "layers.0.attention.wq.weight": ATTENTION,
        "layers.0.feed_forward.w1.weight": FEED_FORWARD,
        "layers.0.ffn_norm.weight": NORM,
        "norm.weight": NORM,
        "output.weight": HEAD,
    },
    "llama.cpp": {
        "token_embd.weight": EMBEDDING,
        "blk.0.attn_q.weight": ATTENTION,
        "blk.0.attn_norm.weight": NORM,
        "blk.0.ffn_down.weight": FEED_FORWARD,
        "blk.0.ffn_gate_inp.weight": EXPERTS,
        "blk.0.ffn_gate_exps.weight": EXPERTS,
        "output_norm.weight": NORM,
        "output.weight": HEAD,
    },
    "an adapter": {
        "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight": ATTENTION,
        "base_model.model.model.layers.0.mlp.up_proj.lora_B.weight": FEED_FORWARD,
    },
    "norms that are none": {
        "conv.weight_norm_cell.weight": "",
        "spectral_norm.weight": "",
        "normalize.weight": "",
    },
    "nothing to tell by": {"": "", ".": "", "w": "", "0": "", "0.weight": "", "a..b": ""},
}


def named(names: Iterable[str], **more: object) -> list[ManifestEntry]:
    """Give parameters of these names, as the headers of a file tell of them."""
    plain = {"initializer": "", "declared_by": None, "declared_at": None}
    return [
        entry(
            each,
            (4,) if each.endswith(("bias", "downsample.1.weight", "mean", "var", "tracked")) else (4, 4),
            **plain,
            **more,
        )
        for each in names
    ]


def preset(name: str) -> Manifest:
    """Read a manifest of the zoo."""
    return Manifest.from_json((MANIFESTS / f"{name}.json").read_bytes())


class TestTheZoo:
    @pytest.mark.parametrize("name", ZOO)
    def test_what_a_person_says_of_a_family(self, name: str) -> None:
        model = preset(name)
        told = dict(zip((each.name for each in model), roles_of(model.entries), strict=True))
        assert {each: told[each] for each in ZOO[name]} == ZOO[name]

    @pytest.mark.parametrize("name", ZOO)
    def test_of_nearly_all_bytes_it_is_told(self, name: str) -> None:
        model = preset(name)
        silent = sum(each.nbytes for each, role in zip(model, roles_of(model.entries), strict=True) if not role)
        assert silent <= 0.05 * model.nbytes

    def test_every_family_is_tried(self) -> None:
        """Those that have manifests: the models of the presets above are those of all."""
        classes = {each.read_text().partition('"model": "')[2].partition('"')[0] for each in MANIFESTS.glob("*.json")}
        assert classes == {preset(name).model for name in ZOO}


class TestOthers:
    @pytest.mark.parametrize("family", OTHERS)
    def test_names_of_others(self, family: str) -> None:
        names = OTHERS[family]
        assert dict(zip(names, roles_of(named(names)), strict=True)) == names


class TestWhatElseTells:
    @pytest.mark.parametrize(
        ("by", "role"),
        [
            ("Embedding.table", EMBEDDING),
            ("RMSNorm.scale", NORM),
            ("BatchNorm2d.weight", NORM),
            ("MultiHeadAttention.w", ATTENTION),
            ("SparseMoE.w", EXPERTS),
            ("FeedForward.w", FEED_FORWARD),
            ("GatedMLP.w", FEED_FORWARD),
            ("LMHead.w", HEAD),
            ("Linear.weight", ""),
            ("NormalizedLinear.weight", ""),
        ],
    )
    def test_the_class_that_declares_it(self, by: str, role: str) -> None:
        assert roles_of([entry("stem.thing", (4, 4), declared_by=by)]) == [role]

    def test_a_name_is_nearer_than_a_class(self) -> None:
        assert roles_of([entry("attn.bias_table.weight", (32, 8), declared_by="Embedding.weight")]) == [ATTENTION]

    def test_a_tag_says_it(self) -> None:
        assert roles_of([entry("mlp.w", (4, 4), tags=("no_decay", "head"))]) == [HEAD]

    def test_a_vector_of_ones_is_a_norms_and_so_is_its_bias(self) -> None:
        cells = [
            entry("stem.1.weight", (4,), initializer="ones", declared_by=None),
            entry("stem.1.bias", (4,), initializer="zeros", declared_by=None),
            entry("stem.0.bias", (4,), initializer="zeros", declared_by=None),
            entry("stem.2.weight", (4, 4), initializer="ones", declared_by=None),
        ]
        assert roles_of(cells) == [NORM, NORM, "", ""]

    def test_a_gate_is_a_router_beside_experts_alone(self) -> None:
        assert roles_of(named(["mlp.gate.weight", "mlp.up.weight"])) == [FEED_FORWARD, FEED_FORWARD]
        assert roles_of(named(["mlp.gate.weight", "mlp.experts.0.up.weight"])) == [EXPERTS, EXPERTS]


class TestAnything:
    @given(st.lists(st.text(max_size=30), max_size=5))
    def test_any_name_has_a_role_or_none(self, names: list[str]) -> None:
        found = roles_of(named(names))
        assert len(found) == len(names)
        assert {*ROLES, ""}.issuperset(found)

    @pytest.mark.parametrize("name", ["\ud800.weight", "attn." * 5000 + "weight", "q" * 100_000])
    def test_names_of_strangers(self, name: str) -> None:
        assert len(roles_of(named([name]))) == 1

    def test_100_000_names_take_no_time(self) -> None:
        entries = large().entries
        start = time.process_time()
        roles_of(entries)
        assert time.process_time() - start < 5  # 0.08
