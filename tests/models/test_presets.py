"""The presets of the zoo, held to what is published of the models they are named for."""

from __future__ import annotations

import pytest

from lazycell import find_preset, registered_models

# What the metadata of the weights and model cards say, and for the rest what transformers counts.
PUBLISHED = {
    "bert-tiny": 4_385_920,
    "bert-mini": 11_170_560,
    "bert-small": 28_763_648,
    "bert-medium": 41_373_184,
    "bert-base-uncased": 109_482_240,
    "bert-base-cased": 108_310_272,
    "bert-base-multilingual-cased": 177_853_440,
    "bert-base-chinese": 102_267_648,
    "bert-large-uncased": 335_141_888,
    "bert-large-cased": 333_579_264,
    "all-MiniLM-L6-v2": 22_713_216,
    "distilbert-base-uncased": 66_362_880,
    "distilbert-base-cased": 65_190_912,
    "distilbert-base-multilingual-cased": 134_734_080,
    "distilroberta-base": 82_118_400,
    "roberta-base": 124_645_632,
    "roberta-large": 355_359_744,
    "distilgpt2": 81_912_576,
    "gpt2-small": 124_439_808,
    "gpt2-medium": 354_823_168,
    "gpt2-large": 774_030_080,
    "gpt2-xl": 1_557_611_200,
    "llama-30b": 32_528_943_616,
    "llama-65b": 65_285_660_672,
    "llama-2-7b": 6_738_415_616,
    "llama-2-13b": 13_015_864_320,
    "llama-2-70b": 68_976_648_192,
    "llama-3-8b": 8_030_261_248,
    "llama-3-70b": 70_553_706_496,
    "llama-3.1-405b": 405_853_388_800,
    "llama-3.2-1b": 1_235_814_400,
    "llama-3.2-3b": 3_212_749_824,
    "tinyllama-1.1b": 1_100_048_384,
    "smollm-135m": 134_515_008,
    "smollm-360m": 361_821_120,
    "smollm-1.7b": 1_711_376_384,
    "smollm2-135m": 134_515_008,
    "mistral-7b-v0.1": 7_241_732_096,
    "mistral-7b-v0.3": 7_248_023_552,
    "mistral-nemo-12b": 12_247_782_400,
    "mistral-small-24b": 23_572_403_200,
    "mixtral-8x7b": 46_702_792_704,
    "mixtral-8x22b": 140_620_634_112,
    "qwen2-0.5b": 494_032_768,
    "qwen2-1.5b": 1_543_714_304,
    "qwen2-7b": 7_615_616_512,
    "qwen2-72b": 72_706_203_648,
    "qwen2.5-3b": 3_085_938_688,
    "qwen2.5-14b": 14_770_033_664,
    "qwen2.5-32b": 32_763_876_352,
    "qwen3-0.6b": 596_049_920,
    "qwen3-1.7b": 1_720_574_976,
    "qwen3-4b": 4_022_468_096,
    "qwen3-8b": 8_190_735_360,
    "qwen3-14b": 14_768_307_200,
    "qwen3-32b": 32_762_123_264,
    "qwen3-30b-a3b": 30_532_122_624,
    "qwen3-235b-a22b": 235_093_634_560,
    "gemma-2-2b": 2_614_341_888,
    "gemma-2-9b": 9_241_705_984,
    "gemma-2-27b": 27_227_128_320,
    "gemma-3-270m": 268_098_176,
    "gemma-3-1b": 999_885_952,
    "t5-small": 60_506_624,
    "t5-base": 222_903_552,
    "t5-large": 737_668_096,
    "t5-3b": 2_851_598_336,
    "t5-11b": 11_307_321_344,
    "t5-v1_1-small": 76_961_152,
    "t5-v1_1-base": 247_577_856,
    "t5-v1_1-large": 783_150_080,
    "t5-v1_1-xl": 2_849_757_184,
    "t5-v1_1-xxl": 11_135_332_352,
}
# Built as another is: of the same size.
ALIKE = {
    "llama-7b": "llama-2-7b",
    "llama-13b": "llama-2-13b",
    "llama-3.1-8b": "llama-3-8b",
    "llama-3.1-70b": "llama-3-70b",
    "llama-3.3-70b": "llama-3-70b",
    **{f"smollm2-{size}": f"smollm-{size}" for size in ("360m", "1.7b")},
    **{f"qwen2.5-{size}": f"qwen2-{size}" for size in ("0.5b", "1.5b", "7b", "72b")},
    **{f"flan-t5-{size}": f"t5-v1_1-{size}" for size in ("small", "base", "large", "xl", "xxl")},
}


def elements(name: str) -> int:
    """Count those of a preset, from its manifest: nothing is built."""
    model, preset = find_preset(name)
    return model.cls.manifest(**preset.hyperparameters).size


@pytest.mark.parametrize(("name", "count"), PUBLISHED.items(), ids=PUBLISHED)
def test_published_counts(name: str, count: int):
    """The parameters are as many as published."""
    assert elements(name) == count


@pytest.mark.parametrize(("name", "other"), ALIKE.items(), ids=ALIKE)
def test_models_that_are_built_alike(name: str, other: str):
    """Two generations of the same size have the same parameters."""
    model, preset = find_preset(name)
    other_model, other_preset = find_preset(other)
    manifest, expected = (
        model.cls.manifest(**preset.hyperparameters),
        other_model.cls.manifest(**other_preset.hyperparameters),
    )
    assert manifest.digest == expected.digest


def test_every_preset_is_held_to_something():
    """No preset is without a published count; each says where it is from, but for what was never released openly."""
    presets = {
        preset.name: preset
        for model in registered_models()
        if model.cls.__module__.startswith("models.")
        for preset in model.presets
    }
    assert presets.keys() == PUBLISHED.keys() | ALIKE.keys()
    assert all(preset.licence for preset in presets.values())
    unreleased = {f"llama-{size}" for size in ("7b", "13b", "30b", "65b")}
    assert {name for name, preset in presets.items() if preset.source is None} == unreleased


def test_a_preset_becomes_a_net():
    """The hyperparameters of a preset build its net, which has the manifest that the class foretold."""
    for name in ("smollm-135m", "gemma-3-270m", "t5-small", "qwen3-0.6b"):
        model, preset = find_preset(name)
        net = model.cls(**preset.hyperparameters)
        assert net.manifest().digest == model.cls.manifest(**preset.hyperparameters).digest
        assert sum(parameter.size for parameter in net.get_parameters()) == PUBLISHED[name]


# As the repositories' `config.json` and the metadata of their weights say.
HALF = {
    "float16": ("llama-2-",),
    "bfloat16": ("llama-3-", "llama-3.", "tinyllama", "smollm2", "mistral", "mixtral", "qwen", "gemma-3"),
}


def test_published_dtypes():
    """Each preset has the dtype of its source, and its manifest shows it: half of the bytes."""
    for name in PUBLISHED | ALIKE:
        model, preset = find_preset(name)
        expected = next((dtype for dtype, starts in HALF.items() if name.startswith(starts)), None)
        assert preset.dtype == expected, name
        assert {entry.dtype for entry in model.cls.manifest(**preset.arguments)} == {expected or "float32"}, name
