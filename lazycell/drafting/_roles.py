"""What a size is likely to be, by the names of the layer that has it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ._config_keys import Counts

HEADS_TIMES_SIZE, KEYS_TIMES_SIZE, FUSED_HEADS, MULTIPLE, QUOTIENT = "q", "kv", "qkv", "multiple", "quotient"
"""Kinds of arithmetic, beside the keys alone."""

Role = Mapping[Counts | str, float]
"""What a size may be, with how unlikely each is; what is not in it is none."""

_ATTENTION = re.compile(r"attn|attention|self\b|crossattn", re.I)
_QUERY = re.compile(r"^(q|query|q_proj|q_lin|wq|to_q|q_a_proj)$", re.I)
_KEY = re.compile(r"^(k|v|key|value|[kv]_proj|[kv]_lin|w[kv]|to_[kv])$", re.I)
_OUT = re.compile(r"^(o|out|o_proj|out_proj|out_lin|wo|to_out|c_proj|dense)$", re.I)
_FUSED = re.compile(r"qkv|query_key_value|c_attn|in_proj|w_pack", re.I)
_NETWORK = re.compile(r"mlp|ffn|feed|fc|intermediate|experts?|lin[12]|wi_|dense_(h|4h)|relu|w[123]\b|output\b", re.I)
_UP = re.compile(r"up|gate_proj|c_fc|fc1|fc_in|lin1|^wi|w[13]$|h_to_4h|intermediate", re.I)
_DOWN = re.compile(r"down|c_proj|fc2|fc_out|lin2|^wo|w2$|4h_to_h|output", re.I)
_HEAD = re.compile(r"lm_head|embed_out|predictions|decoder$|vocab|output_layer", re.I)
_LABELS = re.compile(r"classifier|^score$|qa_outputs", re.I)
_STREAM: Role = {Counts.WIDTH: 0, Counts.CHANNELS: 0.5, Counts.INNER: 3, HEADS_TIMES_SIZE: 2, MULTIPLE: 4, QUOTIENT: 5}


def role_of(kind: str, argument: str, path: str) -> Role:
    """Say what a size may be.

    Args:
        kind: the class of the layer, `Linear`; empty for a tensor by itself; `children` for a number of cells.
        argument: what the layer calls it, `out_features`.
        path: the layer's full name.
    """
    words = [part for part in path.split(".") if not part.isdigit()] or [""]
    last, above = words[-1], ".".join(words[:-1])
    if kind == "children":
        return {Counts.EXPERTS: 0} if "expert" in last else {Counts.LAYERS: 0}
    if kind == "Embedding":
        return _of_table(argument, last)
    if kind in ("LayerNorm", "RMSNorm"):
        if re.search(r"^[qk]_?(norm|layernorm|ln)|(query|key)_?(norm|layernorm)", last, re.I):
            return {Counts.HEAD_SIZE: 0, QUOTIENT: 0, HEADS_TIMES_SIZE: 1, KEYS_TIMES_SIZE: 1, Counts.WIDTH: 2}
        return _STREAM
    if kind in ("Linear", "TurnedLinear"):
        return _of_linear(argument == "out_features", last, above)
    return {**_STREAM, Counts.OTHER: 4}


def _of_table(argument: str, last: str) -> Role:
    relative = "relative" in last
    if argument == "width":
        return {Counts.HEADS: 0} if relative else _STREAM
    if relative:
        return {Counts.BUCKETS: 0, Counts.POSITIONS: 2}
    if re.search(r"pos|wpe", last, re.I):
        return {Counts.POSITIONS: 0}
    return {Counts.TYPES: 0} if "type" in last else {Counts.WORDS: 0}


def _of_linear(is_output: bool, last: str, above: str) -> Role:
    if last in ("gate", "router") and is_output:
        return {Counts.EXPERTS: 0}
    if _HEAD.search(last):
        return {Counts.WORDS: 0, Counts.WIDTH: 1} if is_output else _STREAM
    if _LABELS.search(last) and is_output:
        return {Counts.LABELS: 0, Counts.WIDTH: 2}
    near = above.rpartition(".")[2]
    if _ATTENTION.search(near) or _ATTENTION.search(above.rpartition(".")[0].rpartition(".")[2]):
        found = _of_attention(is_output, last)
        if found is not None:
            return found
    if _NETWORK.search(f"{near}.{last}"):
        inner = _UP.search(last) if is_output else _DOWN.search(last)
        inner = inner or ((_UP.search(near) if is_output else _DOWN.search(near)) if last == "dense" else None)
        if inner:
            return {Counts.INNER: 0, MULTIPLE: 3, Counts.WIDTH: 4}
        return {Counts.WIDTH: 0, Counts.CHANNELS: 1, Counts.INNER: 3, MULTIPLE: 4}
    return _STREAM


def _of_attention(is_output: bool, last: str) -> Role | None:
    if _QUERY.search(last) and is_output:
        return {HEADS_TIMES_SIZE: 0, Counts.WIDTH: 1, KEYS_TIMES_SIZE: 2}
    if _KEY.search(last) and is_output:
        return {KEYS_TIMES_SIZE: 0, HEADS_TIMES_SIZE: 1, Counts.WIDTH: 2}
    if _OUT.search(last) and not is_output:
        return {HEADS_TIMES_SIZE: 0, Counts.WIDTH: 1}
    if _FUSED.search(last) and is_output:
        return {FUSED_HEADS: 0, MULTIPLE: 1}
    return _STREAM if any(each.search(last) for each in (_QUERY, _KEY, _OUT, _FUSED)) else None


def takes_bias(switch: str, path: str) -> bool:
    """Say whether a switch of a config, by its name, is about the bias of a layer, by its own: transformers' custom."""
    words = [part for part in path.split(".") if not part.isdigit()]
    last, above = words[-1] if words else "", ".".join(words[:-1])
    if switch == "attention_bias":
        projections = (_QUERY, _KEY, _OUT, _FUSED)
        return bool(_ATTENTION.search(above)) and any(each.search(last) for each in projections)
    if switch in ("qkv_bias", "use_qkv_bias"):
        return any(each.search(last) for each in (_QUERY, _KEY, _FUSED)) and bool(_ATTENTION.search(above))
    return switch == "mlp_bias" and bool(_NETWORK.search(above)) and not re.search("gate$|router", last)


def fused_text(kind: str, path: str) -> str:
    """Say what a layer joins, by its name; empty if nothing tells that it does."""
    last = path.rpartition(".")[2]
    if kind not in ("Linear", "TurnedLinear", ""):
        return ""
    if _FUSED.search(last):
        return "query, key and value in one, by its name; how their rows lie, shapes cannot tell"
    if re.search("gate_up|wi_fused|up_gate", last):
        return "two matrices in one, by its name; which comes first, shapes cannot tell"
    return ""
