"""Causes in the names: one prefix that differs, and the words of another framework. Both end in rules to paste."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from .._families import family_of_class, family_of_word
from ._dialect import Argument
from ._near import alike
from ._problems import Cause
from ._sides import Sides, fits

# Names looked at to find candidates for a prefix, and to try one before it is counted on all names.
_SAMPLED = 8
_TRIED = 200
_CANDIDATES = 6
_RULES = 10
# Cells behind two prefixes of other words that have to be called the same.
_MODULES = 3
# What cells are called in which anything may be.
_ANY = frozenset("conv dense fc layer_norm layernorm LayerNorm linear ln norm out out_proj output proj".split())

_SPELLINGS = (
    ("gamma", "weight"),
    ("beta", "bias"),
    ("moving_mean", "running_mean"),
    ("moving_variance", "running_var"),
    ("embedding_table", "weight"),
)
"""The last word of a name in MindSpore's own cells and in TensorFlow's checkpoints -> in PyTorch's."""


# ------------------------------------------------------------------------------------------------------------- prefixes


def prefix(sides: Sides) -> tuple[Cause, dict[str, str]] | None:
    """One prefix that differs: `bert.encoder.…` in the file, `encoder.…` in the model, or the reverse, or both.

    Of several candidates the one is taken under which most tensors fit, by shape and dtype too; where that does not
    decide, all are named and none is proposed.

    Returns:
        The cause, and what it would rename: from the checkpoint's names to the model's. None: there is no such prefix.
    """
    found = _ranked(sides)
    if not found:
        return None
    (fitting, hits, ours, theirs), *others = found
    rivals = [
        pair for pair in others if pair[0] >= fitting or (fitting < len(sides.missing) and pair[0] > 0.9 * fitting)
    ]
    if fitting == 0:  # told apart by names alone, then
        rivals = [pair for pair in others if len(pair[1]) > 0.9 * len(hits)]
    if rivals:
        shown = ", ".join(f"`{b or '(nothing)'}`" for _, _, _, b in [found[0], *rivals])
        explained = frozenset(hits).union(*(pair[1] for pair in rivals), hits.values())
        where = f"in the place of `{ours}`" if ours else "before them"
        text = f"the missing names are in the checkpoint more than once, with {where} one of {shown}"
        advice = ("pass the one that is meant: ", Argument("rename", {"…{*rest}": ours + "{*rest}"}))
        return Cause("prefix", text, explained, todo=advice), {}
    if _is_of_another_family(sides, ours, theirs):
        word = _last_word(theirs)
        text = (
            f"another model's checkpoint: its names start with `{theirs}`, as those of the family {word} do, which "
            f"{sides.manifest.model} is not of; names and shapes may be the same, what is computed with them is not"
        )
        todo = f"load it into a model of the family {word}, which `lazycell models` lists"
        return Cause("another model", text, frozenset({*sides.missing, *sides.unexpected}), todo=todo), {}
    text = _prefix_text(sides, ours, theirs, hits)
    cause = Cause(
        "prefix", text, frozenset(hits) | frozenset(hits.values()), rename=_prefix_rules(sides, ours, theirs, hits)
    )
    # What else is under the prefix would lose it, too.
    return cause, {key: ours + key[len(theirs) :] for key in sides.unexpected if key.startswith(theirs)}


def _is_of_another_family(sides: Sides, ours: str, theirs: str) -> bool:
    """Whether a prefix is the name of a family, and the model is of another: `bert.` for a RoBERTa."""
    there = family_of_word(_last_word(theirs))
    here = family_of_class(sides.manifest.model)
    return None not in (there, here) and there != here and not ours.endswith(theirs)


def _last_word(prefix: str) -> str:
    return prefix.rstrip(".").rpartition(".")[2]


def _prefix_text(sides: Sides, ours: str, theirs: str, hits: Mapping[str, str]) -> str:
    if ours and theirs:
        return f"what the model calls `{ours}…` the checkpoint calls `{theirs}…`"
    if ours:
        return f"the model's names start with `{ours}`, the checkpoint's do not"
    if all(key.startswith(theirs) for key in sides.tensors):
        return f"every key of the checkpoint starts with `{theirs}`"
    return f"the checkpoint has the missing parameters under `{theirs}`"


def _ranked(sides: Sides) -> list[tuple[int, dict[str, str], str, str]]:
    """Give the prefixes that are borne out: how many tensors fit, the names renamed, the model's and the file's."""
    result = []
    pairs = [pair for pair in candidates(sides.missing, sides.unexpected) if not _inside_a_list(sides, *pair)]
    for ours, theirs in pairs[:_CANDIDATES]:
        names = [name for name in sides.missing if name.startswith(ours)] if ours else list(sides.missing)
        sample = _spread(names, _TRIED)
        if 5 * sum(theirs + name[len(ours) :] in sides.unexpected for name in sample) < len(sample):
            continue
        hits, fitting = {}, 0
        for name in names:
            key = theirs + name[len(ours) :]
            tensor = sides.unexpected.get(key)
            if tensor is not None:
                hits[key] = name
                fitting += fits(sides.missing[name], tensor)
        there = sum(key.startswith(theirs) for key in sides.unexpected)
        # A few names that end alike are chance, unless there are no others.
        if len(hits) < 2 and len(sides.unexpected) > 1:
            continue
        half = 2 * len(hits) >= len(sides.missing) or 2 * len(hits) >= there
        if half and is_borne_out(sides, ours, theirs, hits, _MODULES):
            result.append((fitting, hits, ours, theirs))
    return sorted(result, key=lambda item: (-item[0], -len(item[1])))


def _inside_a_list(sides: Sides, ours: str, theirs: str) -> bool:
    """Whether it is in one layer, or what is in it, that names differ: then they do in every one, and in no prefix."""
    return bool(sides.splits[ours][1]) and bool(sides.splits[theirs][1])


def is_borne_out(sides: Sides, ours: str, theirs: str, hits: Mapping[str, str], modules: int) -> bool:
    """Whether names tell that what is under one prefix is what the other side has under another.

    One more word before the same names does, and so do words that are alike. Other words do where much is the same
    behind them: two heads may both have a `dense.weight`, in one shape, and nothing to do with each other.

    Args:
        sides: both sides.
        ours: the model's prefix.
        theirs: the checkpoint's.
        hits: names that differ in it, the checkpoint's to the model's.
        modules: how many different cells behind other words are much; one is only where its name says something.
    """
    if ours.endswith(theirs) or theirs.endswith(ours) or 2 * len(hits) >= len(sides.manifest):
        return True
    if alike(theirs, ours):
        return True
    cells = {"".join(sides.splits[name[len(ours) :].rpartition(".")[0]][0]) for name in hits.values()}
    return len(cells) >= max(modules, 2) or (modules == 1 and not cells <= _ANY)


def candidates(missing: Iterable[str], unexpected: Iterable[str]) -> list[tuple[str, str]]:
    """Give pairs of prefixes, the model's and the file's, in which some names differ; the most frequent first."""
    names = [name for name in missing if "." in name] or list(missing)
    sampled = _spread(names, _SAMPLED)
    parts = {ending for name in sampled for ending in _endings(name)}
    keys_by_ending: dict[str, list[str]] = {ending: [] for name in sampled for ending in _endings(name)}
    # One word in common says nothing: nearly every name ends in `weight`.
    singles = {name for name in sampled if "." not in name}
    tails = tuple(".".join(name.rsplit(".", 2)[-2:]) for name in sampled)
    for key in unexpected:
        if key.endswith(tails) or key in parts:
            for ending in _endings(key):
                if ending in keys_by_ending and ("." in ending or ending == key or ending in singles):
                    keys_by_ending[ending].append(key)
                    break  # the longest tells the most
    votes: Counter[tuple[str, str]] = Counter()
    for name in sampled:
        for ending in _endings(name):
            keys = keys_by_ending[ending]
            if keys:
                votes.update((name[: -len(ending)], key[: -len(ending)]) for key in keys[: 10 * _TRIED])
                break
    return [pair for pair, _ in votes.most_common() if pair != ("", "")]


def _endings(name: str) -> Iterable[str]:
    """Give `a.b.c`, `b.c`, `c`."""
    yield name
    position = name.find(".")
    while position >= 0:
        yield name[position + 1 :]
        position = name.find(".", position + 1)


def _spread(names: Sequence[str], count: int) -> Sequence[str]:
    """Take `count` of the names, evenly from first to last."""
    return names[:: max(1, -(-len(names) // count))]


def _prefix_rules(sides: Sides, ours: str, theirs: str, hits: Mapping[str, str]) -> dict[str, str]:
    """Write the rules that rename `hits` and nothing that fits as it is."""
    if not any(name.startswith(theirs) for name in sides.fitting):
        return {theirs + "{*rest}": ours + "{*rest}"}
    rules: dict[str, str] = {}
    for key in hits:
        head, dot, _ = key[len(theirs) :].partition(".")
        rest = "{*rest}" if dot else ""
        rules[theirs + head + dot + rest] = ours + head + dot + rest
    starts = tuple(rule.removesuffix("{*rest}") for rule in rules)
    harmless = not any(name.startswith(starts) for name in sides.fitting)
    return rules if harmless and len(rules) <= _RULES else {}


def with_spelling(
    rules: Mapping[str, str], spelling: Mapping[str, str], hits: Mapping[str, str]
) -> dict[str, str] | None:
    """Give rules that change a prefix and last words at once: two rules may not match one name.

    Args:
        rules: of the prefix.
        spelling: rules for last words, `{*path}.gamma` -> `{*path}.weight`.
        hits: the checkpoint's names below the prefix.

    Returns:
        None if that takes more than a few rules.
    """
    if len(rules) != 1 or not all(old.startswith("{*path}.") and old.count(".") == 1 for old in spelling):
        return None
    ((old, new),) = rules.items()
    theirs, ours = old.removesuffix("{*rest}"), new.removesuffix("{*rest}")
    words = {old.rpartition(".")[2]: new.rpartition(".")[2] for old, new in spelling.items()}
    lasts = dict.fromkeys(key.rpartition(".")[2] for key in hits) | words
    if len(lasts) > _RULES or any("." not in key[len(theirs) :] for key in hits):
        return None
    return {f"{theirs}{{*path}}.{last}": f"{ours}{{*path}}.{words.get(last, last)}" for last in lasts}


# ------------------------------------------------------------------------------------------------------------- spelling


def spelling(sides: Sides) -> tuple[Cause, dict[str, str]] | None:
    """Last words of names as another framework has them: gamma and beta for weight and bias, or the reverse.

    Returns:
        The cause, and what it would rename. None: there is nothing of the kind.
    """
    found: dict[str, str] = {}
    words: dict[str, str] = {}
    for pairs in (_SPELLINGS, tuple((new, old) for old, new in _SPELLINGS)):
        table: dict[str, list[str]] = {}
        for old, new in pairs:
            table.setdefault(old, []).append(new)
        for key, tensor in sides.unexpected.items():
            path, dot, last = key.rpartition(".")
            for word in table.get(last, ()):
                name = path + dot + word
                own = sides.missing.get(name)
                if name in sides.missing and (own is None or len(own.shape) == len(tensor.shape)):
                    found[key] = name
                    words[word] = last
        if found:
            break
    if not found:
        return None
    rules = _word_rules(sides, found)
    ours, theirs = (" and ".join(dict.fromkeys(side)) for side in (words, words.values()))
    text = f"the checkpoint says {theirs} where the model says {ours}"
    return Cause("spelling", text, frozenset(found) | frozenset(found.values()), rename=rules), found


def _word_rules(sides: Sides, found: Mapping[str, str]) -> dict[str, str]:
    """Write the rules that rename `found` and nothing that fits: by last words, the last two, or whole patterns."""
    for count in (1, 2):
        rules = {}
        for key, name in found.items():
            tail, new = (_tail(text, count) for text in (key, name))
            rules[("{*path}." if len(tail) < len(key) else "") + tail] = (
                "{*path}." if len(tail) < len(key) else ""
            ) + new
        tails = tuple("." + rule.removeprefix("{*path}.") for rule in rules)
        if len(rules) <= _RULES and not any(("." + name).endswith(tails) for name in sides.fitting):
            return rules
    rules = {capture(key, sides): capture(name, sides) for key, name in found.items()}
    return rules if len(rules) <= _RULES else {}


def _tail(name: str, count: int) -> str:
    return ".".join(name.rsplit(".", count)[-count:])


def capture(name: str, sides: Sides) -> str:
    """Write a name with a capture for each index: `h.{i}.attn.c_attn.weight`."""
    words, indices = sides.splits[name]
    result = words[0]
    for letter, word in zip("ijklmnop"[: len(indices)], words[1:], strict=False):
        result += f"{{{letter}}}{word}"
    return result if len(indices) <= 8 else name
