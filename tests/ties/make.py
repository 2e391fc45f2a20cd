"""Makes the files beside it, with transformers 5.23 and torch 2.13 (both are needed here alone).

    python -m tests.ties.make

Each file holds what a family gives, by case: float32, the scores of the last position. Where transformers found weights
missing and drew them at random there are none. The metadata has the model's names and shapes, and its `config.json`.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from safetensors.numpy import load_file, save_file

from .cases import FAMILIES, Case, Family, inputs_of


def run(family: Family, case: Case, config: dict[str, Any], shapes: dict[str, tuple[int, ...]]) -> np.ndarray | None:
    """Give the scores of a case; None where weights are missing."""
    cls: Any = getattr(transformers, family.variant.architecture)
    with tempfile.TemporaryDirectory() as directory:
        (Path(directory) / "config.json").write_text(json.dumps({**config, **case.switches}), encoding="utf-8")
        save_file(case.tensors(family, shapes), Path(directory) / "model.safetensors", {"format": "pt"})
        model, told = cls.from_pretrained(directory, attn_implementation="eager", output_loading_info=True)
    if told["missing_keys"]:
        return None
    inputs = {name: torch.from_numpy(array) for name, array in inputs_of(family).items()}
    with torch.no_grad():
        return np.ascontiguousarray(model.eval()(**inputs).logits[0, -1].numpy())


def shapes_of(model: Any, family: Family) -> dict[str, tuple[int, ...]]:
    """Give the names and shapes that a file may have: what transformers writes, and both of each pair."""
    with tempfile.TemporaryDirectory() as directory:
        model.save_pretrained(directory)
        shapes = {name: each.shape for name, each in load_file(Path(directory) / "model.safetensors").items()}
    for pair in (family.weights, family.biases):
        if pair is not None:
            shapes[pair.first] = shapes[pair.second]
    return shapes


def main() -> None:
    """Make every file anew."""
    transformers.logging.set_verbosity_error()
    place = Path(__file__).parent / "expected"
    place.mkdir(exist_ok=True)
    for old in place.glob("*.safetensors"):
        old.unlink()
    for name, family in FAMILIES.items():
        cls: Any = getattr(transformers, family.variant.architecture)
        made = cls.config_class(**family.options)
        config = json.loads(made.to_json_string(use_diff=True))
        config |= {"architectures": [family.variant.architecture]}
        for switch in ("tie_word_embeddings", "scale_decoder_outputs"):
            config.pop(switch, None)
        shapes = shapes_of(cls(made), family)
        found = {case.name: run(family, case, config, shapes) for case in family.cases()}
        arrays = {case: array for case, array in found.items() if array is not None}
        save_file(arrays, place / f"{name}.safetensors", {"config": json.dumps(config), "shapes": json.dumps(shapes)})
        print(name, len(found), "cases,", len(arrays), "without missing weights")


if __name__ == "__main__":
    main()
