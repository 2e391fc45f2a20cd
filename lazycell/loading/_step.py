"""From what the checkpoint has of one parameter to the step that fills it, or to what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from .. import _dtypes
from ..formats import TensorHeader
from ..layout import ManifestEntry
from ..mismatch import Problem, Reason
from ..reading import castable, same_kind
from ._lookup import Lookup
from ._plan import LoadStep
from ._sources import Source, step_of, whole


def step(there: Lookup, entry: ManifestEntry, policy: str) -> LoadStep | None:
    """Plan to fill one parameter; None: it is not there, or not as it has to be, which is noted then.

    Args:
        there: what the checkpoint has.
        entry: the parameter.
        policy: the argument `dtype`.
    """
    name = entry.name
    own, others = there.own(entry), there.others(entry)
    there.used.update(own, others)
    sources = there.sources.get(name)
    if sources is None:
        if name in there.wrong or not (own or others):
            return None
        if len(own) == 2:
            _twice(there, entry, own[1], [own[0]])
            return None
        if own == [name] and name in there.declared:
            there.by_own_name.add(name)
        return _as_it_is(there, entry, [there.tensors[each] for each in (*own, *others)], policy)
    keys = dict.fromkeys(source.stored.name for source in sources)
    if own or others:
        _twice(there, entry, (*own, *others)[0], keys)
    elif name not in there.wrong:
        complete = whole(entry, sources)
        if complete:
            return _of_parts(there, entry, sources, policy)
        if complete is None:
            there.problems += _lacking(there, entry, sources)
        else:
            _twice(there, entry, [*keys][-1], [*keys][:-1] or keys)
        there.wrong.add(name)
    return None


def missing(there: Lookup, entry: ManifestEntry) -> Iterator[Problem]:
    """Tell what is not there: what the parameter is stored as, where that is declared. Once for each such tensor."""
    declared = [
        stored
        for stored in there.declared.get(entry.name, ())
        if not any(each in there.by_own_name for each in stored.parameters)
    ]
    for stored in declared:
        if there.tell(stored.name):
            owner = there.manifest[stored.parameters[0]]
            yield Problem("missing", stored.name, reason="missing stored", stored=stored, owner=owner)
    if not declared:
        names = tuple(there.aliases(entry.name))
        yield Problem("missing", entry.name, "", entry, reason="missing", names=names)


def _lacking(there: Lookup, entry: ManifestEntry, sources: Sequence[Source]) -> Iterator[Problem]:
    """Tell which parts of a parameter are not there, where others are."""
    found = {source.stored.name for source in sources}
    lacking = [stored for stored in there.declared.get(entry.name, ()) if stored.name not in found]
    for stored in lacking:
        if there.tell(stored.name):
            yield Problem("missing", stored.name, reason="lacks a part", stored=stored)
    if not lacking:
        yield Problem("missing", entry.name, "", entry, reason="only a part", names=(*found,))


def _twice(there: Lookup, entry: ManifestEntry, name: str, others: Iterable[str]) -> None:
    tensor = there.tensors.get(name)
    there.fail(Problem("twice", entry.name, "", entry, tensor, "twice", (name, *others)), entry.name)


def _as_it_is(there: Lookup, entry: ManifestEntry, tensors: Sequence[TensorHeader], policy: str) -> LoadStep:
    """Take one tensor, and compare with the parameter it and the copies under tied names."""
    first = tensors[0]
    for tensor in tensors:
        if tensor.shape != entry.shape:
            there.problems.append(Problem("shape", entry.name, "", entry, tensor, "shape"))
    reason = _unlike(first.dtype, entry.dtype, policy)
    if reason is not None:
        there.problems.append(Problem("dtype", entry.name, "", entry, first, reason))
    for tensor in tensors[1:]:
        if tensor.dtype != first.dtype:
            names = (first.dtype, first.name, tensor.dtype, tensor.name)
            there.problems.append(Problem("tie", entry.name, "", entry, tensor, "tied dtypes", names))
    target = first.dtype if policy == "checkpoint" else entry.dtype
    return LoadStep(entry.name, first.name, first, target, tuple(tensors[1:]))


def _of_parts(there: Lookup, entry: ManifestEntry, sources: Sequence[Source], policy: str) -> LoadStep | None:
    by_dtype = {source.dtype: source.tensor for source in sources}
    for dtype, tensor in by_dtype.items():
        reason = _unlike(dtype, entry.dtype, policy)
        if reason is not None:
            there.fail(Problem("dtype", entry.name, "", entry, tensor, reason), entry.name)
    first = sources[0]
    if policy == "checkpoint" and len(by_dtype) > 1:
        there.fail(Problem("dtype", entry.name, "", entry, first.tensor, "dtypes of parts", (*by_dtype,)), entry.name)
    if entry.name in there.wrong:
        return None
    return step_of(entry, sources, first.dtype if policy == "checkpoint" else entry.dtype)


def _unlike(stored: str, declared: str, policy: str) -> Reason | None:
    """Tell why `stored` cannot fill `declared` under a policy; None when it can."""
    if stored == declared:
        return None
    if stored not in _dtypes.ITEMSIZES:
        return "unknown dtype"
    if policy == "strict":
        return "strict"
    if policy == "checkpoint":
        return None if same_kind(stored, declared) else "other kind"
    if castable(stored, declared):
        return None
    return "narrower" if same_kind(stored, declared) else "no cast"
