"""What a draft of one checkpoint holds for other configurations of its family, as a table.

python -m tests.drafting.held
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs
from safetensors import safe_open

from lazycell import LazyCellError
from lazycell.drafting import draft, imported_draft
from lazycell.manifest import stored_tensors
from lazycell.pretrained import hyperparameters_from_config
from tests.golden_cases import GOLDEN

EXPECTED = Path(__file__).parents[1] / "variants" / "expected"


@attrs.frozen
class Held:
    """One configuration: what the draft says of it against the family's own class; nothing is wrong with most."""

    variant: str
    wrong: str = ""


def tensors_of(
    cls: Any, config: Mapping[str, Any], seen: Mapping[str, Any] | None = None
) -> dict[str, tuple[int, ...]]:
    """Give names and shapes that a class stores; a key that the draft's own config does not have is passed over."""
    ignored = [] if seen is None else [key for key in config if key not in seen]
    manifest = cls.manifest(**hyperparameters_from_config(cls, config, ignored))
    return {each.name: tuple(each.shape) for each in stored_tensors(manifest)}


def variant(path: Path) -> tuple[dict[str, Any], dict[str, tuple[int, ...]]]:
    """Give the config of a variant, and the names and shapes that transformers stores for it."""
    with safe_open(path, "np") as file:
        metadata = file.metadata()
    shapes = {name: tuple(shape) for name, shape in json.loads(metadata["shapes"]).items()}
    return json.loads(metadata["config"]), shapes


def variants_of(family: str) -> list[Path]:
    """Give the other configurations of a family, in order."""
    return sorted(EXPECTED.glob(f"{family}-[0-9]*.safetensors"), key=lambda path: (len(path.name), path.name))


def held() -> Iterator[Held]:
    """Draft the `-a` case of each family, and build it as each of the others is configured."""
    for case in sorted(GOLDEN.glob("*-a")):
        family = case.name.removesuffix("-a")
        seen = json.loads((case / "config.json").read_text(encoding="utf-8"))
        drafted = imported_draft(draft(case))
        own = getattr(importlib.import_module(f"models.{family}"), seen["architectures"][0])
        for path in variants_of(family):
            config, _ = variant(path)
            try:
                found, wanted = tensors_of(drafted, config, seen), tensors_of(own, config)
            except LazyCellError as error:
                yield Held(path.stem, "; ".join(line.strip() for line in str(error).splitlines()[1:-1]))
                continue
            unlike = [name for name in {**found, **wanted} if found.get(name) != wanted.get(name)]
            yield Held(path.stem, f"{len(unlike)} tensors, as {unlike[0]}" if unlike else "")


def main() -> None:
    """Print the table."""
    results = [*held()]
    for each in results:
        print(f"{each.variant:14}", each.wrong or "holds")
    print(f"{sum(not each.wrong for each in results)} of {len(results)} hold")


if __name__ == "__main__":
    main()
