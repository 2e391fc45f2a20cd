"""Names of Python's for what checkpoints call otherwise."""

from __future__ import annotations

import keyword
import re

_CELL = frozenset(
    "apply buffers cells compile compiled construct hyperparameters infer manifest offload phase recompute shard to "
    "config dtype fields load_checkpoint save_checkpoint insert append extend name_cells parameters_dict".split()
)
"""What every cell has already, or the draft itself."""

KINDS = "Linear Embedding LayerNorm RMSNorm TurnedLinear BatchNorm Conv1d Conv2d Conv3d".split()
"""Classes of known layers, which have another name in a file where an attribute has this one."""

IMPORTED = frozenset(
    "Any ConfigRules INDEX LazyCell Parameter SELF Tensor UNUSED buffer cells child children hyper in_ nn param rename "
    "tie when".split()
).union(KINDS)


def attribute_name(stored: str) -> str:
    """Give the attribute for a part of a stored name: that part, if Python and the cells have no other use for it."""
    name = re.sub(r"\W", "_", stored, flags=re.ASCII)
    if not name or name[0].isdigit() or name.startswith("_"):
        name = f"p{name}"
    return f"{name}_" if keyword.iskeyword(name) or name in _CELL or name in IMPORTED - {*KINDS} else name


def class_name(path: str, taken: set[str]) -> str:
    """Give the name of a class for what is at a path, and note it as taken."""
    words = [part for part in path.split(".") if not part.isdigit()]
    in_list = path.rpartition(".")[2].isdigit()
    name = ""
    for number, word in enumerate(reversed(words)):
        part = _camel(_singular(word) if in_list and number == 0 else word)
        name = part + name
        if name and name not in taken and name not in IMPORTED:
            break
    base, number = name or "Cell", 2
    while not name or name in taken or name in IMPORTED:
        name, number = f"{base}{number}", number + 1
    taken.add(name)
    return name


def _singular(word: str) -> str:
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


def _camel(word: str) -> str:
    parts = re.findall(r"[A-Za-z0-9]+", word)
    text = "".join(part.upper() if part in ("mlp", "ffn", "moe") else part[0].upper() + part[1:] for part in parts)
    return f"Part{text}" if text[:1].isdigit() else text
