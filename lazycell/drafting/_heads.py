"""The table of words and the head that scores them, which are one matrix where a config ties them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ._class_plans import Line, Planner
from ._columns import Place, Sizes
from ._formatted import Call
from ._name_tree import Branch, branches_in
from ._python_names import attribute_name, literal

SWITCH = "tie_word_embeddings"

_GENERATES = re.compile(r"(CausalLM|LMHeadModel|ConditionalGeneration)$")


def tied_head(planner: Planner, sizes: Sizes, configs: Sequence[Mapping[str, Any]]) -> bool:
    """Add to the root what a config says of its head; give whether its switch is needed.

    A head that is in the file is tied where the switch is on. Where none is, and the class generates words, it is the
    table: it gets a name, and a matrix of its own where the switch is off.
    """
    root = planner.root
    tables = [_table(planner, branch) for branch in root.branches]
    if not tables or any(table is None for table in tables):
        return False
    path = tables[0].path  # type: ignore[union-attr]
    if any(attribute_name(part) != part for part in path.split(".") if not part.isdigit()):
        return False  # under another name in the model: nobody calls a table so
    shapes = [table.tensors["weight"].shape for table in tables if table is not None]
    head = next((line for line in root.lines if _is_head(line, root.branches, shapes)), None)
    switched = any(SWITCH in config for config in configs)
    if head is None:
        architectures = [name for config in configs for name in config.get("architectures") or ()]
        tied = all(config.get(SWITCH, True) for config in configs)
        if "lm_head" in root.attributes or not (tied and any(map(_GENERATES.search, architectures))):
            return False
        notes = ["the file has no head: where it is not tied, transformers stores it as lm_head"]
        size = [shape[0] for shape in shapes]
        width = [shape[1] for shape in shapes]
        said = [
            sizes.said(root, width, Place("Embedding", "width", path), notes),
            sizes.said(root, size, Place("Embedding", "size", path), notes),
        ]
        planner.kinds.add("Linear")
        linear = planner.spelled("Linear")
        head = Line("lm_head", "lm_head", linear, Call("child", [linear, *said], {"use_bias": "False"}), notes)
        root.lines.append(head)
    elif not switched or not _explained(head, root.branches, configs):
        return False
    elif isinstance(head.value, Call) and head.value.name == "when":
        head.value = head.value.arguments[1]
        head.annotation = head.annotation.removesuffix(" | None")
    sizes.equations.used.add(SWITCH)
    tie = Call("tie", [literal(f"{head.stored}.weight"), literal(f"{path}.weight")])
    shown = {bool(config.get(SWITCH, True)) for config in configs}
    notes = [] if len(shown) > 1 else [f"transformers' custom: the file shows {SWITCH}={shown.pop()} alone"]
    root.lines.append(Line("one_table", "", "Any", Call("when", [f"@{SWITCH}@", tie]), notes))
    return True


def _explained(head: Line, branches: Sequence[Branch], configs: Sequence[Mapping[str, Any]]) -> bool:
    """Whether no checkpoint lacks the head but those whose config ties it; a tied one may be stored twice."""
    there = [head.stored in branch.below for branch in branches]
    tied = [config.get(SWITCH, True) for config in configs[: len(there)]]
    return all(there) or all(has != switch for has, switch in zip(there, tied, strict=True))


def _table(planner: Planner, root: Branch) -> Branch | None:
    """Give the table of words: the longest of those that are neither positions nor kinds."""
    found = []
    for branch in branches_in(root):
        leaf = planner.leaf_of(branch)
        last = branch.path.rpartition(".")[2]
        if leaf is not None and leaf.kind.name == "Embedding" and not re.search("pos|wpe|type|relative", last):
            found.append((leaf.arguments["size"], branch))
    return max(found, key=lambda pair: pair[0])[1] if found else None


def _is_head(line: Line, branches: Sequence[Branch], shapes: Sequence[tuple[int, ...]]) -> bool:
    found = [branch.below.get(line.stored) for branch in branches]
    if not any(found) or not re.search("head|embed_out|output", line.stored):
        return False
    return all(
        each is None or ("weight" in each.tensors and each.tensors["weight"].shape == shape)
        for each, shape in zip(found, shapes, strict=True)
    )
