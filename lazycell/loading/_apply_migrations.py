"""Give the tensors of an older checkpoint the names that the model has now, as the migrations of its classes say.

A checkpoint is from one moment between two migrations. Its metadata tells which, where it has the digest of a manifest
that the model once had; else the moment is the one whose names explain the checkpoint best. What is still unknown then
may have been put together from several checkpoints: it is looked for name by name.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import attrs

from .._frozen import frozen
from ..formats import CheckpointHeader, TensorHeader
from ..history import Migration, Version, former_versions
from ..layout import RenameRule, Renaming
from ..manifest import DIGEST, Manifest, digest_of, known_names
from ._plan import AppliedMigration

Shape = tuple[int, ...] | None

# How bad it is that a tensor has a name that nothing has, and a name of something of another shape.
_UNKNOWN, _OTHER_SHAPE = 2, 1


@frozen
class Migrated:
    """What migrations make of the names in a checkpoint.

    Attributes:
        names: names in the file, to the model's; only those that change.
        applied: the migrations that changed one, oldest first.
    """

    names: Mapping[str, str] = attrs.field(factory=dict)
    applied: tuple[AppliedMigration, ...] = ()


def migrate(
    manifest: Manifest, header: CheckpointHeader, renaming: Renaming, rules: Sequence[RenameRule] = ()
) -> Migrated:
    """Find the present names of what a checkpoint has under older ones. Linear in the number of names.

    What fits as it is stays as it is, and so does what a rule of the user's gave a present name.

    Args:
        manifest: the model.
        header: the checkpoint.
        renaming: what the user's rules made of its names.
        rules: the user's rules.
    """
    if not manifest.migrations:
        return Migrated()
    shapes = known_names(manifest)
    keys: dict[str, str] = {}
    for key, name in renaming.names.items():
        # What a user's rule gives a present name has it; an older one is migrated like any other.
        if name not in renaming.colliding and (name not in shapes or not any(rule.matches(key) for rule in rules)):
            keys[name] = key
    tensors = {name: header.tensors[key] for name, key in keys.items()}
    digest = header.metadata.get(DIGEST)
    strange = any(_badness(tensor, name, shapes) for name, tensor in tensors.items())
    if not strange and (digest is None or not _lacks_some(manifest, renaming)):
        return Migrated()
    versions = former_versions(manifest.migrations, shapes)
    moment = None if digest is None else _moment_of_digest(manifest, versions, header, renaming, digest)
    if moment == 0:
        return Migrated()
    told = moment is not None
    if moment is None:
        moment = _moment_of_names(tensors, versions, shapes)
    origins = {name: present for present, name in versions[moment].names.items()}
    taken = {name for name in renaming.names.values() if name not in keys}
    names = _settled(tensors, {name: origins[name] for name in tensors if name in origins}, taken)
    moments = dict.fromkeys(names, moment)
    if not told:
        strangers = [name for name in tensors if name not in names and name not in shapes]
        found = _one_by_one(strangers, tensors, versions, shapes)
        names = _settled(tensors, {**names, **{name: present for name, (present, _) in found.items()}}, taken)
        moments |= {name: found[name][1] for name in names if name not in moments}
    applied = tuple(_applied(manifest.migrations, versions, names, moments))
    return Migrated({keys[name]: present for name, present in names.items()}, applied)


def former_names(manifest: Manifest) -> dict[str, tuple[str, ...]]:
    """Give the names that each name of a model had before, the last one first; nothing for a name that had no other."""
    if not manifest.migrations:
        return {}
    former: dict[str, dict[str, None]] = {}
    for version in former_versions(manifest.migrations, known_names(manifest)):
        for present, name in version.names.items():
            former.setdefault(present, {})[name] = None
    return {present: tuple(names) for present, names in former.items()}


def _badness(tensor: TensorHeader, name: str, shapes: Mapping[str, Shape]) -> int:
    """Tell how ill a tensor goes with the model under a name."""
    if name not in shapes:
        return _UNKNOWN
    shape = shapes[name]
    return 0 if shape is None or shape == tensor.shape else _OTHER_SHAPE


def _lacks_some(manifest: Manifest, renaming: Renaming) -> bool:
    """Tell whether the checkpoint has a parameter under none of its names."""
    if renaming.forms:
        return True
    there = set(renaming.names.values())
    there |= {owner for alias, owner in manifest.ties.items() if alias in there}
    for stored in (*manifest.copies, *manifest.stored):
        if stored.name in there:
            there |= {*stored.parameters}
    return any(entry.name not in there for entry in manifest.entries)


# ---------------------------------------------------------------------------------------------------------- the moment


def _moment_of_digest(
    manifest: Manifest, versions: Sequence[Version], header: CheckpointHeader, renaming: Renaming, digest: str
) -> int | None:
    """Tell how many migrations came after the manifest with this digest; None: it was another model's."""
    tensors = {name: header.tensors[key] for key, name in renaming.names.items()}
    before: Version | None = None
    for moment, version in enumerate(versions):
        if version is not before:
            before = version
            dtypes = _dtypes(manifest, version, tensors)
            if digest_of(manifest.entries, manifest.ties, manifest.stored, version, dtypes) == digest:
                return moment
    return None


def _dtypes(manifest: Manifest, version: Version, tensors: Mapping[str, TensorHeader]) -> dict[str, str]:
    """Give the dtypes that the parameters have in the file, where they are others than the model's."""
    dtypes: dict[str, str] = {}
    for stored in manifest.stored:
        tensor = tensors.get(version.names.get(stored.name, stored.name))
        if tensor is not None and tensor.dtype != stored.dtype:  # else each of its parts has its own
            dtypes.update(dict.fromkeys(stored.parameters, tensor.dtype))
    for entry in manifest.entries:
        tensor = tensors.get(version.names.get(entry.name, entry.name))
        if tensor is not None and tensor.dtype != entry.dtype:
            dtypes.setdefault(entry.name, tensor.dtype)
    return dtypes


def _moment_of_names(
    tensors: Mapping[str, TensorHeader], versions: Sequence[Version], shapes: Mapping[str, Shape]
) -> int:
    """Tell at which moment the names explain the checkpoint best; of several the last one."""
    best, least = 0, 0
    before: Version | None = None
    for moment, version in enumerate(versions):
        if version is before:
            continue
        before = version
        # By how much it is better than the present: only names that were others then can make a difference.
        origins = {name: present for present, name in version.names.items()}
        gain = 0
        for name in {*origins, *version.names, *version.later}:
            if name in tensors:
                now = _badness(tensors[name], name, shapes)
                gain += _badness_at(tensors[name], name, version, origins, shapes) - now
        if gain < least:
            best, least = moment, gain
    return best


def _badness_at(
    tensor: TensorHeader, name: str, version: Version, origins: Mapping[str, str], shapes: Mapping[str, Shape]
) -> int:
    if name in origins:
        return _badness(tensor, origins[name], shapes)
    return _UNKNOWN if name in version.names or name in version.later else _badness(tensor, name, shapes)


# ----------------------------------------------------------------------------------------------------------- the names


def _settled(tensors: Iterable[str], names: Mapping[str, str], taken: Collection[str]) -> dict[str, str]:
    """Leave out every change of a name to one that another tensor has, before or after the changes."""
    left = dict(names)
    by_name: dict[str, list[str]] = {}
    for name in tensors:
        by_name.setdefault(left.get(name, name), []).append(name)
    waiting = [target for target, sharing in by_name.items() if len(sharing) > 1 or target in taken]
    while waiting:
        target = waiting.pop()
        back = [name for name in by_name[target] if name in left]
        by_name[target] = [name for name in by_name[target] if name not in left]
        for name in back:
            del left[name]
            by_name.setdefault(name, []).append(name)
            if len(by_name[name]) > 1:
                waiting.append(name)
    return left


def _one_by_one(
    strangers: Collection[str],
    tensors: Mapping[str, TensorHeader],
    versions: Sequence[Version],
    shapes: Mapping[str, Shape],
) -> dict[str, tuple[str, int]]:
    """Give the present name of each tensor that had one at some moment, and the moment; none that had several."""
    wanted = set(strangers)
    meant: dict[str, dict[str, int]] = {}
    for moment, version in enumerate(versions):
        for present, name in version.names.items() if wanted else ():
            if name in wanted:
                meant.setdefault(name, {}).setdefault(present, moment)
    found: dict[str, tuple[str, int]] = {}
    for name, moments in meant.items():
        fitting = {present: each for present, each in moments.items() if not _badness(tensors[name], present, shapes)}
        choice = fitting or moments
        if len(choice) == 1:
            found[name] = next(iter(choice.items()))
    return found


def _applied(
    migrations: Sequence[Migration], versions: Sequence[Version], names: Mapping[str, str], moments: Mapping[str, int]
) -> Iterator[AppliedMigration]:
    """Give the migrations that lead from the moment of each tensor to the present, and change its name."""
    for position, migration in enumerate(migrations):
        after = len(migrations) - position - 1
        old, new = versions[after + 1].names, versions[after].names
        count = sum(
            1
            for name, present in names.items()
            if moments[name] > after and old.get(present, present) != new.get(present, present)
        )
        if count:
            yield AppliedMigration(migration.cell, migration.reason, migration.created, migration.file, count)
