"""Bases and heads of all families, from each other's checkpoints, and what files of their kind carry besides."""

from __future__ import annotations

import inspect
import json
import warnings
from pathlib import Path
from typing import Any

import mindspore as ms
import numpy as np
import pytest
import safetensors.numpy

import lazycell
from lazycell import CheckpointMismatchError, HeadWarning, registered_models
from models.bert import BertForMaskedLM, BertForSequenceClassification, BertModel
from models.distilbert import DistilBertForMaskedLM, DistilBertModel
from models.gpt2 import GPT2ForSequenceClassification, GPT2LMHeadModel, GPT2Model
from models.llama import LlamaForCausalLM
from models.t5 import T5EncoderModel, T5ForConditionalGeneration, T5Model

SIZES = {
    **dict.fromkeys(("hidden_size", "n_embd", "dim", "d_model", "intermediate_size", "hidden_dim", "d_ff"), 8),
    **dict.fromkeys(("num_hidden_layers", "n_layer", "n_layers", "num_layers", "num_decoder_layers"), 2),
    **dict.fromkeys(("num_attention_heads", "n_head", "n_heads", "num_heads", "num_key_value_heads"), 2),
    **dict.fromkeys(("head_dim", "d_kv", "num_experts", "num_local_experts", "num_experts_per_tok"), 4),
    **dict.fromkeys(("vocab_size", "max_position_embeddings", "n_positions", "moe_intermediate_size"), 16),
}


def arguments(cls: Any, **more: Any) -> dict[str, Any]:
    """Give sizes with which a model has a few parameters."""
    takes = inspect.signature(cls).parameters
    return {name: value for name, value in (SIZES | more).items() if name in takes}


def file_of(cls: Any, **more: Any) -> dict[str, np.ndarray]:
    """Give what a checkpoint of a model would hold."""
    rng = np.random.default_rng(1)
    manifest = cls.manifest(**arguments(cls, **more))
    return {entry.name: rng.standard_normal(entry.shape).astype(np.float32) for entry in manifest}


def families() -> list[tuple[Any, list[Any]]]:
    """Give each base of the zoo, and the models that have it and a head."""
    found: dict[str, dict[Any, None]] = {}
    for each in registered_models():
        if each.cls.__module__.startswith("models.") and each.model_type != "t5":
            found.setdefault(each.model_type, {})[each.cls] = None
    bases = [
        (next(cls for cls in family if cls.__name__.endswith("Model") and "LMHead" not in cls.__name__), family)
        for family in found.values()
    ]
    return [(base, [cls for cls in family if cls is not base]) for base, family in bases]


@pytest.mark.parametrize(("base", "heads"), [pytest.param(*each, id=each[0].__name__) for each in families()])
def test_a_base_and_its_heads(base: Any, heads: list[Any]) -> None:
    """Each loads from each other's checkpoint: what both have from the file, what only it has is new."""
    assert heads
    for ours in (base, *heads):
        manifest = ours.manifest(**arguments(ours))
        prefix = "" if ours is base else f"{ours.base_model_prefix}."
        for theirs in (base, *heads):
            plan = lazycell.plan(manifest, file_of(theirs), partial=True)
            assert all(name.startswith("pooler.") if ours is base else True for name in plan.new_head)
            of_base = [name for name in plan.initialize if prefix and name.startswith(prefix)]
            assert all(name.startswith(f"{prefix}pooler.") for name in of_base)
            if ours is theirs:
                assert plan.new_head == plan.other_head == ()
            keys = [key for step in plan.steps for key in (step.key, *(each.name for each in step.same_as))]
            assert sorted([*keys, *plan.other_head, *plan.unused]) == sorted(file_of(theirs))


@pytest.mark.parametrize("cls", [GPT2ForSequenceClassification, BertForSequenceClassification])
def test_another_number_of_labels(cls: Any) -> None:
    """The new head is not filled, and all else is; unless a head that is there has to fit."""
    manifest, file = cls.manifest(**arguments(cls, num_labels=5)), file_of(cls, num_labels=3)
    plan = lazycell.plan(manifest, file, partial=True)
    assert plan.new_head
    assert (
        {*plan.new_head} == {*plan.other_head} == {name for name in file if name.startswith(("score.", "classifier."))}
    )
    for strict in (False, "new"):
        with pytest.raises(CheckpointMismatchError, match="pass partial=True"):
            lazycell.plan(manifest, file, partial=strict)


def test_what_files_of_gpt2_carry() -> None:
    """Causal masks, in the names of the base as in those of a head; and no prefix, as the published files have it."""
    file = file_of(GPT2Model)
    masks = {f"h.{i}.attn.bias": np.ones((1, 1, 16, 16), np.float32) for i in range(2)}
    masks |= {f"h.{i}.attn.masked_bias": np.float32(-1e4) * np.ones((), np.float32) for i in range(2)}
    plan = lazycell.plan(GPT2Model.manifest(**arguments(GPT2Model)), {**file, **masks})
    assert sorted(plan.unused) == sorted(masks)
    manifest = GPT2LMHeadModel.manifest(**arguments(GPT2LMHeadModel))
    plan = lazycell.plan(manifest, {**file, **masks}, partial=True)
    assert sorted(plan.unused) == sorted(masks)
    assert plan.new_head == ()  # it is the table
    assert all(step.parameter == f"transformer.{step.key}" for step in plan.steps)


def test_what_files_of_bert_carry() -> None:
    """Old names of norms, positions, a pooler and the head that guesses which sentence follows: no option is needed."""
    file = {name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): value
            for name, value in file_of(BertForMaskedLM).items()}  # fmt: skip
    more = {
        "bert.pooler.dense.weight": np.ones((8, 8), np.float32),
        "bert.pooler.dense.bias": np.ones(8, np.float32),
        "cls.seq_relationship.weight": np.ones((2, 8), np.float32),
        "bert.embeddings.position_ids": np.arange(16)[None],
    }
    manifest = BertForMaskedLM.manifest(**arguments(BertForMaskedLM))
    plan = lazycell.plan(manifest, {**file, **more})
    assert {*plan.unused, *plan.computed} == {*more}
    assert plan.initialize == ()
    old = [step for step in plan.steps if step.key.endswith(("gamma", "beta"))]
    assert len(old) == 2 * (1 + 2 * 2 + 1)


def test_what_files_of_t5_carry() -> None:
    """A bias that nothing uses; and a whole model goes into its encoder."""
    file = file_of(T5ForConditionalGeneration)
    unused = "decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight"
    file[unused] = np.ones((32, 2), np.float32)
    for cls in (T5ForConditionalGeneration, T5Model, T5EncoderModel):
        plan = lazycell.plan(cls.manifest(**arguments(cls)), file)
        assert unused in plan.unused
        assert plan.initialize == plan.other_head == ()


def test_a_new_head_is_told_once(tmp_path: Path) -> None:
    """In one warning that names what has to be trained, and the line that asked; an error in its place changes nothing."""
    file = file_of(BertModel)
    safetensors.numpy.save_file(file, tmp_path / "model.safetensors")
    net = BertForSequenceClassification(**arguments(BertForSequenceClassification))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(HeadWarning, match=r"classifier\.(bias|weight)"):
            net.load_checkpoint(tmp_path, partial=True)
    assert len(lazycell.uninitialized(net)) == len(net.manifest())
    with pytest.warns(HeadWarning) as told:
        report = net.load_checkpoint(tmp_path, partial=True)
    (warning,) = told
    assert warning.filename == __file__
    assert "before you use what the model says" in str(warning.message)
    assert report.new_head == report.initialized == ("classifier.weight", "classifier.bias")
    assert "a new head, to be trained" in str(report)
    assert {*lazycell.uninitialized(net)} == {*report.new_head}
    assert np.array_equal(net.bert.pooler.dense.weight.asnumpy(), file["pooler.dense.weight"])
    net.init_parameters_data(seed=1)
    net.save_checkpoint(tmp_path / "tuned.safetensors")
    saved = safetensors.numpy.load_file(tmp_path / "tuned.safetensors")
    assert {*saved} == {entry.name for entry in net.manifest()}  # the model's own names, not those of the base
    again = BertForSequenceClassification(**arguments(BertForSequenceClassification))
    again.load_checkpoint(tmp_path / "tuned.safetensors")
    assert np.array_equal(again.classifier.weight.asnumpy(), net.classifier.weight.asnumpy())


def test_from_pretrained_does_it_by_itself(tmp_path: Path) -> None:
    """A base and a head from the other's directory, without a word where nothing is new."""
    source = BertForSequenceClassification(**arguments(BertForSequenceClassification))
    source.init_parameters_data(seed=3)
    source.save_checkpoint(tmp_path / "model.safetensors")
    sizes = arguments(BertModel)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        net = BertModel.from_pretrained(tmp_path / "model.safetensors", **sizes)
    assert {*net.load_report.other_head} == {"classifier.weight", "classifier.bias"}
    ids = ms.Tensor([[1, 2, 3]])
    assert np.array_equal(net(ids)[0].asnumpy(), source.bert(ids)[0].asnumpy())
    with pytest.raises(CheckpointMismatchError, match="partial=True"):
        BertModel.from_pretrained(tmp_path / "model.safetensors", partial=False, **sizes)
    with pytest.warns(HeadWarning, match=r"classifier"):
        other = BertForSequenceClassification.from_pretrained(tmp_path / "model.safetensors", num_labels=7, **sizes)
    assert {*lazycell.uninitialized(other)} == {"classifier.weight", "classifier.bias"}


def test_what_files_of_rotated_positions_carry() -> None:
    """Frequencies of each layer, or of the whole; and numbers of positions where those are learned."""
    file = file_of(LlamaForCausalLM)
    carried = {f"model.layers.{i}.self_attn.rotary_emb.inv_freq": np.ones(4, np.float32) for i in range(2)}
    carried["model.rotary_emb.inv_freq"] = np.ones(4, np.float32)
    plan = lazycell.plan(LlamaForCausalLM.manifest(**arguments(LlamaForCausalLM)), file | carried)
    assert sorted(plan.unused) == sorted(carried)
    file = file_of(DistilBertForMaskedLM)
    for cls in (DistilBertForMaskedLM, DistilBertModel):
        carried = {"distilbert.embeddings.position_ids": np.arange(16)[None]}
        plan = lazycell.plan(cls.manifest(**arguments(cls)), file | carried, partial=True)
        assert plan.unused == (*carried,)


def test_t5_below_a_head() -> None:
    """Under the prefix that transformers gives it where it has a head of another kind."""
    file = {f"transformer.{name}": value for name, value in file_of(T5Model).items()}
    file["classification_head.dense.weight"] = np.ones((8, 8), np.float32)
    for cls in (T5Model, T5EncoderModel):
        plan = lazycell.plan(cls.manifest(**arguments(cls)), file, partial=True)
        assert plan.initialize == ()
        assert plan.other_head == ("classification_head.dense.weight",)


def test_an_output_layer_that_may_be_the_table_is_no_new_head(tmp_path: Path) -> None:
    """A file without it was tied, or cut off: nothing tells which, so `lazycell.from_pretrained` says both ways."""
    sizes = arguments(LlamaForCausalLM)
    file = {name: array for name, array in file_of(LlamaForCausalLM).items() if name != "lm_head.weight"}
    safetensors.numpy.save_file(file, tmp_path / "model.safetensors")
    config = {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "tie_word_embeddings": False, **sizes}
    (tmp_path / "config.json").write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(CheckpointMismatchError) as caught:
        lazycell.from_pretrained(tmp_path)
    assert "build the model with `tie_word_embeddings=True`" in str(caught.value)
    assert "partial=True" in str(caught.value)
    tied = lazycell.from_pretrained(tmp_path, tie_word_embeddings=True)
    assert tied.load_report.initialized == ()
    with pytest.warns(HeadWarning, match="lm_head"):
        cut = lazycell.from_pretrained(tmp_path, partial=True)
    assert cut.load_report.new_head == ("lm_head.weight",)
