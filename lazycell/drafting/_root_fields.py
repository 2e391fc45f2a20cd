"""The hyperparameters of a draft's model: what its configs say, and what they say of its structure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from .. import pretrained
from .._frozen import frozen
from ._columns import Sizes
from ._heads import SWITCH
from ._python_names import attribute_name, literal

_STRUCTURE = re.compile(
    r"bias|gated|feed_forward_proj|cross_attention|is_decoder|norm$|mlp_only|sparse_step|layer_freq|"
    r"first_k_dense|layer_type$|block_type|shared_expert|^tie_|parallel_attn|new_decoder|multi_query|type_vocab"
)


@frozen
class Field:
    """One hyperparameter.

    Attributes:
        name: the key.
        annotation: its type.
        default: Python.
        note: what else has its value, where that is likely.
        in_shapes: whether a shape or what there is depends on it.
    """

    name: str
    annotation: str
    default: str
    in_shapes: bool
    note: str = ""


@frozen
class RootFields:
    """All that a model takes.

    Attributes:
        fields: in the order of the config, those whose defaults are arithmetic last.
        only: keys whose one value is known: another may ask for what the checkpoint does not show.
        renamed: keys of the config, to the hyperparameters they are.
        ignored: keys that are about what the checkpoint does not have.
    """

    fields: tuple[Field, ...]
    only: Mapping[str, Any]
    renamed: Mapping[str, str]
    ignored: tuple[str, ...]


def root_fields(sizes: Sizes, configs: Sequence[Mapping[str, Any]], taken: set[str]) -> RootFields:
    """Say what a model takes.

    Args:
        sizes: after all classes are planned.
        configs: of the checkpoints, and of others of the family.
        taken: attributes of the model.
    """
    fields, last, only, renamed, ignored = [], [], {}, {}, []
    used, defaults = sizes.equations.used, sizes.equations.defaults
    for name in defaults:
        if name in used:
            used |= {*defaults[name].split("@")[1::2]}
    for name in dict.fromkeys([*(key for config in configs for key in config), *sorted(used)]):
        needed = name in used
        if not needed and (pretrained.is_bookkeeping(name) or name == "quantization_config"):
            continue
        if not name.isidentifier():
            ignored.append(name)
            continue
        values = [config.get(name) for config in configs]
        if not needed and _STRUCTURE.search(name) and all(value == values[0] for value in values):
            if name == SWITCH:
                ignored.append(name)
            else:
                only[name] = values[0]
            continue
        spelled = attribute_name(name)
        spelled = f"{spelled}_" if spelled in taken else spelled
        if spelled != name:
            renamed[name] = spelled
        if needed and name in defaults:
            last.append(Field(spelled, "int", defaults[name], in_shapes=True))
        else:
            value = True if name == SWITCH and values[0] is None else values[0]
            fields.append(
                Field(
                    spelled,
                    _annotation(values),
                    literal(value, fixed=True),
                    in_shapes=needed,
                    note=_note(name, value, sizes),
                )
            )
    return RootFields((*fields, *last), only, renamed, tuple(ignored))


def _note(name: str, value: Any, sizes: Sizes) -> str:
    if name in sizes.customs:
        return f"by transformers' custom it is about these biases: the file shows {name}={value} alone"
    alike = [*dict.fromkeys(sizes.equations.alike.get(f"@{name}@", ()))]
    if not alike:
        return ""
    return f"{value} is {' and '.join(alike).replace('@', '')} as well: only names told them apart"


def _annotation(values: Sequence[Any]) -> str:
    kinds = {type(value) for value in values}
    if len(kinds) == 1 and kinds <= {int, float, bool, str}:
        return kinds.pop().__name__
    return "float" if kinds == {int, float} else "Any"
