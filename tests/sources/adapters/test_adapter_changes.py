from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lazycell import CheckpointError
from lazycell.formats import open_checkpoint
from lazycell.sources import adapters

from .golden import Case, merge, numbers, values, write_adapter

BASE = {"m.a.weight": numbers(4, 3), "m.a.bias": numbers(4), "m.b.weight": numbers(3, 3)}
PAIR = {"m.a.lora_A.weight": numbers(2, 3), "m.a.lora_B.weight": numbers(4, 2)}
CHANGED = BASE["m.a.weight"] + 2 * (PAIR["m.a.lora_B.weight"] @ PAIR["m.a.lora_A.weight"])


def under(names: dict[str, Any], old: str, new: str) -> dict[str, Any]:
    return {re.sub(old, new, name): value for name, value in names.items()}


@pytest.mark.parametrize(
    ("base", "adapter"),
    [
        (BASE, PAIR),
        (under(BASE, r"^m\.", ""), PAIR),
        (BASE, under(PAIR, r"^m\.", "")),
        (under(BASE, "^", "model."), PAIR),
        (BASE, under(PAIR, "^", "bert.")),
    ],
)
def test_one_prefix_more_or_less(tmp_path: Path, base: dict[str, Any], adapter: dict[str, Any]) -> None:
    found = merge(base, write_adapter(tmp_path / "one", adapter))
    assert len(found) == 1
    np.testing.assert_allclose(next(iter(found.values())), CHANGED, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("adapter", "missing"),
    [
        (under(PAIR, r"^m\.a", "n.c"), "n.c"),
        ({**PAIR, **under(PAIR, r"^m\.a", "b")}, "b"),  # one prefix for all
        ({**PAIR, "m.c.bias": numbers(4)}, "m.c.bias"),
        (under(PAIR, r"^m\.", "x.m."), None),
    ],
)
def test_what_has_no_target(tmp_path: Path, adapter: dict[str, Any], missing: str | None) -> None:
    path = write_adapter(tmp_path / "one", adapter)
    if missing is None:  # two levels are one prefix more
        assert [*merge(BASE, path)] == ["m.a.weight"]
        return
    with pytest.raises(
        CheckpointError, match=f"changes what <dict> does not have: {missing}; nor .*base_model_name_or_path"
    ) as caught:
        merge(BASE, path)
    assert str(caught.value).startswith(str(path))


def test_a_head_that_the_base_has_tied(tmp_path: Path) -> None:
    path = write_adapter(
        tmp_path / "one", {"lm_head.lora_A.weight": numbers(2, 3), "lm_head.lora_B.weight": numbers(4, 2)}
    )
    with pytest.raises(CheckpointError, match="a head that is tied to an embedding has no tensor of its own"):
        merge(BASE, path)


def test_names_without_the_prefix(tmp_path: Path) -> None:
    path = write_adapter(tmp_path / "one", {})
    from safetensors.numpy import save_file

    save_file(PAIR, path / "adapter_model.safetensors")
    with pytest.raises(
        CheckpointError, match=r"'m.a.lora_A.weight': the names of an adapter begin with 'base_model.model.'"
    ):
        merge(BASE, path)


@pytest.mark.parametrize(
    "name",
    [
        "lora_A.default.weight",
        "lora_mid.weight",
        "hada_w1_a",
        "lora_E",
        "oft_r",
        "token_adapter.base_layer.weight",
        "lora_C.weight",
    ],
)
def test_names_that_say_nothing(tmp_path: Path, name: str) -> None:
    path = write_adapter(tmp_path / "one", {**PAIR, f"m.a.{name}": numbers(2, 2)})
    with pytest.raises(
        CheckpointError, match=f"m.a.{name}': lazycell knows no such tensor of an adapter: it knows lora_A.weight"
    ):
        merge(BASE, path)


def test_an_adapter_of_nothing(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="holds no tensors of an adapter"):
        merge(BASE, write_adapter(tmp_path / "one", {"m.a.original_module.weight": numbers(4, 3)}))


def test_integers(tmp_path: Path) -> None:
    path = write_adapter(tmp_path / "one", {**PAIR, "m.a.lora_A.weight": np.ones((2, 3), np.int32)})
    with pytest.raises(CheckpointError, match="is of int32: an adapter is of floats"):
        merge(BASE, path)


def test_a_thing_twice(tmp_path: Path) -> None:
    tensors = {"m.a.modules_to_save.weight": numbers(4, 3), "m.a.base_layer.weight": numbers(4, 3)}
    with pytest.raises(CheckpointError, match=r"are both the same of 'm.a.weight': keep one of them"):
        merge(BASE, write_adapter(tmp_path / "one", tensors))


@pytest.mark.parametrize("more", [under(PAIR, r"^m\.", ""), {"m.a.bias": numbers(4), "a.bias": numbers(4)}])
def test_two_names_of_one_thing(tmp_path: Path, more: dict[str, Any]) -> None:
    base = under(BASE, r"^m\.", "")
    with pytest.raises(
        CheckpointError, match=r"'a(.bias)?' and 'm.a(.bias)?' are both 'a(.bias)?' of <dict>: keep one"
    ):
        merge(base, write_adapter(tmp_path / "one", {**PAIR, **more}))


def test_whole_tensors(tmp_path: Path) -> None:
    tensors = {
        "m.a.modules_to_save.weight": numbers(4, 3, seed=1),
        "m.a.original_module.weight": numbers(4, 3, seed=2),
        "m.a.base_layer.bias": numbers(4, seed=1),
        "m.b.weight": numbers(3, 3, seed=1),
    }
    found = merge(BASE, write_adapter(tmp_path / "one", tensors))
    assert {name: value.tobytes() for name, value in found.items()} == {
        "m.a.weight": tensors["m.a.modules_to_save.weight"].tobytes(),
        "m.a.bias": tensors["m.a.base_layer.bias"].tobytes(),
        "m.b.weight": tensors["m.b.weight"].tobytes(),
    }


def test_a_head_that_was_trained_comes_with_the_adapter(tmp_path: Path) -> None:
    tensors = {**under(PAIR, r"^m\.", "bert."), "head.out.weight": numbers(2, 3), "head.out.bias": numbers(2)}
    found = merge(under(BASE, r"^m\.", ""), write_adapter(tmp_path / "one", tensors, modules_to_save=["head"]))
    assert found.keys() == {"a.weight", "head.out.weight", "head.out.bias"}
    assert found["head.out.weight"].tobytes() == tensors["head.out.weight"].tobytes()


def test_whole_tensors_keep_the_dtype_of_the_base_where_it_is_asked_for(tmp_path: Path) -> None:
    tensors = {"m.a.weight": numbers(4, 3, seed=1)}
    base = {**BASE, "m.a.weight": BASE["m.a.weight"].astype(np.float16)}
    path = write_adapter(tmp_path / "one", tensors)
    found = merge(base, path, as_stored=True)["m.a.weight"]
    assert found.dtype == np.float16
    np.testing.assert_array_equal(found, tensors["m.a.weight"].astype(np.float16))
    assert merge(base, path)["m.a.weight"].tobytes() == tensors["m.a.weight"].tobytes()


def test_a_larger_vocabulary_is_the_adapters(tmp_path: Path) -> None:
    """The model says whether it has as many: the plan, which is made later."""
    tensors = {
        "m.a.base_layer.weight": numbers(6, 3),
        "m.a.lora_embedding_A": numbers(2, 6),
        "m.a.lora_embedding_B": numbers(3, 2),
    }
    found = merge(BASE, write_adapter(tmp_path / "one", tensors))["m.a.weight"]
    product = (tensors["m.a.lora_embedding_B"] @ tensors["m.a.lora_embedding_A"]).T
    np.testing.assert_allclose(found, tensors["m.a.base_layer.weight"] + 2 * product, rtol=0, atol=1e-6)


def test_both_names_of_a_tied_table(tmp_path: Path) -> None:
    tensors = {"m.a.weight": numbers(6, 3), "lm_head.weight": numbers(6, 3)}
    assert merge(BASE, write_adapter(tmp_path / "one", tensors)).keys() == {"m.a.weight", "lm_head.weight"}


def test_whole_tensors_of_another_model(tmp_path: Path) -> None:
    path = write_adapter(tmp_path / "one", {"m.a.weight": numbers(4, 5)})
    with pytest.raises(CheckpointError, match=r"is \(4, 5\), and 'm.a.weight' of the base \(4, 3\)"):
        merge(BASE, path)


@pytest.mark.parametrize(
    ("tensors", "what"),
    [
        ({"m.a.lora_magnitude_vector": numbers(4), **PAIR}, "magnitudes of DoRA"),
        ({"m.b.weight": numbers(3, 3), **PAIR}, "whole tensors"),
        ({"m.a.base_layer.bias": numbers(4), **PAIR}, "whole tensors"),
        ({"m.a.token_adapter.trainable_tokens_delta": numbers(1, 3)}, "rows of tokens"),
    ],
)
def test_what_a_second_adapter_may_not_have(tmp_path: Path, tensors: dict[str, Any], what: str) -> None:
    plain = write_adapter(tmp_path / "plain", PAIR)
    other = write_adapter(tmp_path / "other", tensors, trainable_token_indices=[1])
    assert merge(BASE, other)
    for both in ([plain, other], [other, plain], [other, other]):
        with pytest.raises(
            CheckpointError, match=f"other: it has {what} .*cannot be added to what other adapters have"
        ):
            merge(BASE, both)


def test_ia3_has_no_weight_and_no_second() -> None:
    case = Case("bert_ia3")
    with pytest.raises(CheckpointError, match="an adapter of IA3 multiplies, and has no weight: leave out 0.5"):
        adapters.merged(case.base, adapters.read_adapters((case.adapter, 0.5)))
    with pytest.raises(CheckpointError, match="vectors of IA3 .*cannot be added"):
        adapters.merged(case.base, adapters.read_adapters([case.adapter, case.adapter]))


def test_a_target_without_tensors_is_noted(tmp_path: Path) -> None:
    path = write_adapter(tmp_path / "one", PAIR, target_modules=["a", "m.a", "k_proj"])
    found = adapters.merged(open_checkpoint(BASE), adapters.read_adapters([path, path]))
    assert [*map(str, found.notes)] == [
        f"{path}: target_modules of its config has 'k_proj', and the adapter has no tensor of a module that ends so"
    ]


@pytest.mark.parametrize("targets", ["all-linear", r".*\.k_proj"])
def test_targets_in_one_text_are_not_asked(tmp_path: Path, targets: str) -> None:
    path = write_adapter(tmp_path / "one", PAIR, target_modules=targets)
    assert adapters.merged(open_checkpoint(BASE), adapters.read_adapters(path)).notes == ()


def test_a_weight_is_of_what_is_added(tmp_path: Path) -> None:
    tensors = {**PAIR, "m.b.weight": numbers(3, 3, seed=4)}
    found = merge(BASE, (write_adapter(tmp_path / "one", tensors), 0.0))
    np.testing.assert_array_equal(found["m.a.weight"], BASE["m.a.weight"])
    assert found["m.b.weight"].tobytes() == tensors["m.b.weight"].tobytes()


def test_values_of_a_stranger_that_are_none(tmp_path: Path) -> None:
    """What is computed with them is no reason to fail: the model says what it makes of it."""
    tensors = {
        **PAIR,
        "m.a.lora_B.weight": np.full((4, 2), 1e38, np.float32),
        "m.a.lora_A.weight": np.full((2, 3), 1e38, np.float32),
    }
    assert np.isinf(merge(BASE, write_adapter(tmp_path / "one", tensors))["m.a.weight"]).all()


def test_no_more_is_read_than_headers(tmp_path: Path) -> None:
    path = write_adapter(tmp_path / "one", PAIR)
    base = open_checkpoint(BASE)
    merged = adapters.merged(base, adapters.read_adapters(path)).tensors["m.a.weight"]
    (path / "adapter_model.safetensors").unlink()
    with pytest.raises((OSError, CheckpointError)):
        values(merged)
