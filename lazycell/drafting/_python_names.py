"""Names and literals of Python's for what strangers wrote into checkpoints and configs, which may be anything."""

from __future__ import annotations

import keyword
import re
from typing import Any

CELL = frozenset(
    (
        "IGNORE_LIST T_destination add_flags add_flags_recursive apply arguments_key bprop_debug buffers cast_inputs "
        "cell_init_args cell_type cells cells_and_names check_names check_names_and_refresh_name cls_name compile "
        "compile_and_run compile_cache compile_phase compiled construct create_time enable_backward_hook exist_names "
        "exist_objs extend_repr from_pretrained generate_scope get_buffer get_extra_state get_flags "
        "get_func_graph_proto get_inputs get_mixed_precision_type get_parameters get_scope get_sub_cell global_cells "
        "grad_ops_label has_bprop hyperparameters infer init_parameters_data insert_child_to_cell insert_param_to_cell "
        "is_top_cell jit_config_dict load_checkpoint load_report load_state_dict manifest mixed_precision_type "
        "name_cells named_buffers offload parallel_parameter_merge_net_dict parallel_parameter_name_list param_prefix "
        "parameter_layout_dict parameters_and_names parameters_broadcast_dict parameters_dict phase phase_cache "
        "pipeline_segment pipeline_stage recompute register_backward_hook register_backward_pre_hook register_buffer "
        "register_forward_hook register_forward_pre_hook register_load_state_dict_post_hook "
        "register_load_state_dict_pre_hook register_parameter_forward_hook register_saved_tensors_hooks "
        "register_state_dict_post_hook register_state_dict_pre_hook remove_redundant_parameters requires_grad "
        "run_construct save_checkpoint save_pretrained set_boost set_broadcast_flag set_comm_fusion set_data_parallel "
        "set_extra_state set_grad set_inputs set_jit_config set_mixed_precision_type set_train shard state_dict to "
        "to_empty to_float total_instance_count trainable_params training untrainable_params update_cell_prefix "
        "update_cell_type update_parameters_name "
    ).split()
)
"""What every cell of MindSpore 2.10 and every LazyCell has already; `tests/drafting` holds it to them."""

KINDS = "Linear Embedding LayerNorm RMSNorm TurnedLinear Dense BatchNorm Conv1d Conv2d Conv3d".split()
"""Classes of known layers, which have another name in a file where an attribute has this one."""

IMPORTED = frozenset(
    "Any ConfigRules INDEX LazyCell Parameter SELF Tensor UNUSED buffer cells child children hyper in_ nn param rename "
    "tie when".split()
).union(KINDS)


_OWN = frozenset({"config", "dtype"})


def attribute_name(stored: str) -> str:
    """Give the attribute for a part of a stored name: that part, if Python and the cells have no other use for it."""
    name = re.sub(r"\W", "_", stored, flags=re.ASCII)
    if not re.search("[A-Za-z]", name) or name[0].isdigit() or name.startswith("__"):
        name = f"p{name}"
    return (
        f"{name}_" if keyword.iskeyword(name) or name in CELL or name in _OWN or name in IMPORTED - {*KINDS} else name
    )


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
