"""What each parameter is for, as far as its name tells, the class that declares it, and what stands beside it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from .._frozen import frozen
from ..layout import ManifestEntry
from ._data import ROLES

_ZEROS = bytes.maketrans(b"123456789", b"000000000")
"""Layers that are alike are told once: every digit of a name counts as 0, here and in the words below."""

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[^A-Za-z0-9]+")
_NUMBER = re.compile(r"[0-9]+[dD]?$")

_NORMS = frozenset({"norm", "norms", "ln", "bn", "gn", "normalization"})
_PARTS: dict[str, frozenset[str]] = {
    "attention": frozenset({"attn", "attns", "attention", "attentions", "mha", "rotary"}),
    "experts": frozenset({"expert", "experts", "moe", "exps", "shexp", "router"}),
    "feed-forward": frozenset({"mlp", "mlps", "ffn", "ff", "feedforward", "intermediate"}),
    "embedding": frozenset({"embedding", "embeddings", "embed", "embeds", "embd", "emb", "embedder", "wte", "wpe"}),
    "head": frozenset({"classifier", "predictions", "logits", "pooler"}),
}
"""A word in the name of a part, for what all in the part is for; of several, the first of these roles counts."""

_NAMED_PARTS: dict[str, str] = {
    **dict.fromkeys(("feed_forward", "dense_relu_dense"), "feed-forward"),
    **dict.fromkeys(("cls_token", "class_token", "mask_token", "dist_token"), "embedding"),
    **dict.fromkeys(("embed_out", "cls", "score", "qa_outputs", "seq_relationship"), "head"),
    **dict.fromkeys(("vocab_transform", "vocab_projector", "text_projection", "visual_projection"), "head"),
    "ffn_gate_inp": "experts",
}
_MATRICES: dict[str, str] = {
    **dict.fromkeys(("query", "key", "value", "query_key_value", "qkv", "wqkv", "c_attn"), "attention"),
    **dict.fromkeys(("q_proj", "k_proj", "v_proj", "o_proj", "qkv_proj", "kv_proj"), "attention"),
    **dict.fromkeys(("q_lin", "k_lin", "v_lin", "out_lin", "wq", "wk", "wv", "wo"), "attention"),
    **dict.fromkeys(("to_q", "to_k", "to_v", "to_qkv", "to_kv", "to_out"), "attention"),
    **dict.fromkeys(("in_proj_weight", "in_proj_bias", "relative_position_bias_table"), "attention"),
    **dict.fromkeys(("c_fc", "gate_proj", "up_proj", "down_proj", "gate_up_proj"), "feed-forward"),
    **dict.fromkeys(("dense_h_to_0h", "dense_0h_to_h"), "feed-forward"),
    "shared": "embedding",
}
"""What names say where no part of the model does: of a feed-forward layer `key` may be a matrix, too."""

_BESIDE_ATTENTION = frozenset({"fc0", "linear0", "dense0", "lin0", "output"})
"""The two matrices after an attention, in layers that have no name for the pair."""

_STATISTICS = ("running_mean", "moving_mean", "beta")
_OF_NORMS = frozenset({"weight", "bias", "gamma", "beta", "running_mean", "running_var", "moving_mean"}) | {
    *("moving_variance", "num_batches_tracked", "gain", "scale")
}
_GAINS = ("weight", "gamma", "gain", "scale")
_ONES = frozenset({"ones", "one", "1", "1.0"})

_Key = tuple[bytes, str, tuple[str, ...]]


def roles_of(entries: Sequence[ManifestEntry], held_by: Sequence[str] | None = None) -> list[str]:
    """Say what each parameter is for: one of `ROLES`, or nothing where nothing tells.

    A tag that is a role says it. Else norms come first, wherever they stand, then the innermost part of the model that
    has a telling name, then the matrix's own name, then the class. A bias is what its weight is.

    Args:
        entries: parameters of one model, all of them: what stands beside a parameter tells, too.
        held_by: class and attribute of each; default: what declares it.
    """
    if held_by is None:
        held_by = [each.declared_by or "" for each in entries]
    keys: list[_Key] = [
        (each.name.encode("utf-8", "surrogatepass").translate(_ZEROS), by, each.tags)
        for each, by in zip(entries, held_by, strict=True)
    ]
    known = dict.fromkeys(keys)
    names = _Names(key[0] for key in known)
    told = {key: next((tag for tag in key[2] if tag in ROLES), "") or names.role(key[0], key[1]) for key in known}
    roles = [told[key] for key in keys]
    if "" in roles:
        normed = {each.name.rpartition(".")[0] for each in entries if _makes_norm(each)}
        for position, entry in enumerate(entries):
            cell, _, leaf = entry.name.rpartition(".")
            if not roles[position] and cell in normed and leaf in _OF_NORMS and len(entry.shape) < 2:
                roles[position] = "norm"
    return roles


class _Names:
    """The names of a model as a tree, in which it is told what stands beside each part of a name."""

    def __init__(self, names: Iterable[bytes]) -> None:
        self.words: dict[str, _Word] = {}
        self.paths: dict[bytes, tuple[list[str], list[int]]] = {}
        self._with: dict[str, set[int]] = {"attention": set(), "experts": set()}
        nodes: dict[tuple[int, str], int] = {}
        for name in names:
            path = name.decode("utf-8", "replace").split(".")
            node, above = 0, list[int]()
            for each in path:
                word = self.words.get(each) or self.words.setdefault(each, _word(each))
                above.append(node)
                if word.role in self._with:
                    self._with[word.role].add(node)
                node = nodes.setdefault((node, each), len(nodes) + 1)
            self.paths[name] = path, above

    def role(self, name: bytes, by: str) -> str:
        """Say what a parameter is for, by its name and the class that declares it."""
        path, above = self.paths[name]
        words = [self.words[each] for each in path]
        of_class = _word(by.rpartition(".")[0])
        cell = next((self.words[each] for each in reversed(path[:-1]) if each.strip("0")), _NOTHING)
        if "norm" in (words[-1].role, cell.role) or (of_class.role == "norm" and of_class.ends_in_norm):
            return "norm"
        role = ""
        for position in range(len(path) - 1, -1, -1):
            part = self._part(words, position, above[position])
            role = role or part
            if part == "experts":  # each of them is a feed-forward layer
                return part
            if role not in ("", "feed-forward"):
                break
        if role:
            return role
        for word in reversed(words):
            if role := _MATRICES.get(word.name, ""):
                return role
        if of_class.role not in ("", "norm"):
            return of_class.role
        cells = [word.name for word in words[:-1]]
        return "head" if cells == ["output"] or (cells[-1:] == ["fc"] and len(cells) < 3 and "0" not in path[0]) else ""

    def _part(self, words: list[_Word], position: int, above: int) -> str:
        """Say what a part of the model is for, by its name or by what stands beside it."""
        word = words[position]
        if word.name == "gate" and above in self._with["experts"]:
            return "experts"
        beside = word.name in _BESIDE_ATTENTION and above in self._with["attention"]
        if beside and words[position - 1].role != "attention":
            return "feed-forward"
        return "" if word.role == "norm" else word.role


@frozen
class _Word:
    """A part of a name in lower case, its words joined by `_`, and what it says of all that is in it."""

    name: str
    role: str
    ends_in_norm: bool


_NOTHING = _Word("", "", False)


def _word(segment: str) -> _Word:
    parts = [each for each in _HUMP.split(segment.replace("MoE", "Moe")) if each]
    name = "_".join(parts).lower()
    words = [_NUMBER.sub("", each.lower()) for each in parts]
    return _Word(name, _said(name, words), _is_norm(words[-1:]))


def _said(name: str, words: list[str]) -> str:
    if name in _NAMED_PARTS:
        return _NAMED_PARTS[name]
    if _is_norm(words) and "weight_norm" not in name and "spectral_norm" not in name:
        return "norm"
    if "feed_forward" in name:
        return "feed-forward"
    if role := next((role for role, known in _PARTS.items() if not known.isdisjoint(words)), ""):
        return role
    return "head" if "head" in (*words[:1], *words[-1:]) else ""


def _is_norm(words: Sequence[str]) -> bool:
    return any(each in _NORMS or each.endswith("norm") for each in words)


def _makes_norm(entry: ManifestEntry) -> bool:
    """Whether the cell that has this one is a norm: it keeps statistics, or begins as one that changes nothing."""
    if entry.name.endswith(_STATISTICS):
        return True
    return entry.initializer in _ONES and len(entry.shape) == 1 and entry.name.endswith(_GAINS)
