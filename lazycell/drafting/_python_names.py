"""Names and literals of Python's for what strangers wrote into checkpoints and configs, which may be anything."""

from __future__ import annotations

import keyword
import re
from typing import Any

_CELL = frozenset(
    "apply buffers cells compile compiled construct hyperparameters infer manifest offload phase recompute shard to "
    "config dtype fields load_checkpoint save_checkpoint insert append extend name_cells parameters_dict".split()
)
"""What every cell has already, or the draft itself."""

KINDS = "Linear Embedding LayerNorm RMSNorm TurnedLinear Dense BatchNorm Conv1d Conv2d Conv3d".split()
"""Classes of known layers, which have another name in a file where an attribute has this one."""

IMPORTED = frozenset(
    "Any ConfigRules INDEX LazyCell Parameter SELF Tensor UNUSED buffer cells child children hyper in_ nn param rename "
    "tie when".split()
).union(KINDS)


def attribute_name(stored: str) -> str:
    """Give the attribute for a part of a stored name: that part, if Python and the cells have no other use for it."""
    name = re.sub(r"\W", "_", stored, flags=re.ASCII)
    if not name or name[0].isdigit() or name.startswith("__"):
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


class Code(str):
    """Text that is Python already."""

    __slots__ = ()


def literal(value: Any, *, fixed: bool = False) -> str:
    """Give what JSON had, as Python, in ruff's style; `fixed`: a list as a tuple, which may be a default."""
    if isinstance(value, Code):
        return str(value)
    if isinstance(value, str):
        text = ascii(value)
        inner = text[1:-1]
        return f'"{inner}"' if text[0] == "'" and '"' not in inner else text
    if isinstance(value, tuple) or (isinstance(value, list) and fixed):
        return f"({', '.join(map(literal, value))}{',' if len(value) == 1 else ''})"
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{literal(key)}: {literal(each)}' for key, each in value.items())}}}"
    return repr(value)


def harmless_path(path: str) -> str:
    """Give a name from a file as it may stand in a docstring or a comment."""
    return re.sub(r"[^\w.{}-]", "?", path, flags=re.ASCII)
