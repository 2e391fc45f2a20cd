"""`lazycell migrate`: keep what parameters were called, so that older checkpoints load after a rename."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import click

from .. import cell, gate, history, layout, loading, mismatch, show, system
from .._errors import ManifestError
from .._frozen import frozen
from .._location import did_you_mean
from ..manifest import Manifest, known_names
from ..show import few_lines, printable, working
from ._interrupt import interrupts_held
from ._model import Model, Options, find, manifest_in, model_options
from ._renames import rules_of
from ._shell import Shell
from ._side import find_side
from ._typed import shell_words

if TYPE_CHECKING:
    from ..gate import Trial
    from ..history import Migration

_NO = 1
_SHOWN = 12
_SHELL = Shell()

_EPILOG = """\b
Examples:
  lazycell migrate bert-tiny --reason "query is called q everywhere"
  lazycell migrate bert-tiny --reason "heads" --rename "pooler.dense.{*rest}=head.{*rest}" --dry-run
  lazycell migrate models.bert:BertModel --from old.safetensors --reason "as published in May"

\b
Exit status: 0 kept, or nothing to keep; 1 a renamed parameter would still not be found; 2 trouble.
"""


@frozen
class _Kept:
    """What is to be kept.

    Attributes:
        old: the manifest of before.
        new: the model's now, with the migrations that it has.
        guessed: old and new names as the diff guesses them.
        stated: those that `--rename` states.
        rules: for each class what its migration says.
        cells: the class of each cell of the model, by path.
    """

    old: Manifest
    new: Manifest
    guessed: tuple[tuple[str, str], ...]
    stated: tuple[tuple[str, str], ...]
    rules: Mapping[type, Mapping[str, str]]
    cells: Mapping[str, type]

    @property
    def renames(self) -> tuple[tuple[str, str], ...]:
        """All that lack a migration so far."""
        return (*self.guessed, *self.stated)


@click.command(epilog=_EPILOG, short_help="Keep older checkpoints loading after parameters were renamed.")
@click.argument("model", metavar="MODEL")
@click.option("--reason", required=True, metavar="TEXT", help="Why the names changed; it is kept with them.")
@click.option("--from", "old", metavar="OLD", help="Manifest file or checkpoint of before; else what is committed.")
@click.option("--rename", "stated", multiple=True, metavar="OLD=NEW", help="State a rename; {captures} as in `rename`.")
@click.option("--dry-run", is_flag=True, help="Say what would be written, and write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option(
    "--dir",
    "directory",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Where committed manifests are; else `manifests` in the model's package.",
)
@model_options
def migrate(
    model: str,
    reason: str,
    old: str | None,
    stated: tuple[str, ...],
    dry_run: bool,
    as_json: bool,
    directory: Path | None,
    options: Options,
) -> int:
    """Compare a model with its committed manifest, and keep the names that parameters had.

    What seems to be renamed becomes a rule of the class in which it was renamed, in a file beside its module:
    models/bert.migrations.json of models/bert.py. Renames are guessed from shapes, declarations and names: review the
    file, and commit it. Checkpoints of before then load into the model, and into every other one with that class.
    """
    reason = " ".join(reason.split())
    if not reason:
        raise click.UsageError('--reason is empty: write --reason "why the names changed"')
    rules = rules_of(stated)
    found = find(model, options)
    with interrupts_held(), working("comparing the manifests"):
        kept = _kept(found, _old(found, old, directory), rules)
        migrations, trial = _tried(kept, reason)
        if (further := _further(kept)) is not None:
            others = _tried(further, reason)
            if not others[1].orphaned:  # so checkpoints from between load too
                kept, migrations, trial = further, *others
        writes = bool(migrations) and not dry_run and not trial.orphaned
        if writes:
            _write(migrations)
            trial = _trial(kept, found.call(found.class_.manifest))
    if as_json:
        show.say_json(_document(kept, migrations, trial, writes))
    else:
        show.say_lines(_lines(found, kept, migrations, trial, writes))
    return _NO if trial.orphaned else 0


# ------------------------------------------------------------------------------------------------------ what was there


def _old(model: Model, old: str | None, directory: Path | None) -> Manifest:
    """Give the manifest of before."""
    if old is not None:
        return find_side(old)
    if model.preset is None:
        raise click.UsageError(
            f"{model.title} is no preset, so no manifest of it is committed: write --from OLD, a manifest file or a "
            "checkpoint of before"
        )

    place = directory or gate.manifest_directory(model.class_.__module__)
    path = None if place is None else gate.manifest_file(place, model.preset)
    if path is None or not path.is_file():
        where = "" if path is None else f" ({path})"
        raise click.UsageError(
            f"{model.title} has no committed manifest{where}: write --from OLD, a manifest file or a checkpoint of "
            "before"
        )
    try:
        return manifest_in(system.read_bounded(path), str(path))
    except system.JSONProblem as problem:
        raise ManifestError(f"{path} {problem}") from None


def _kept(model: Model, old: Manifest, rules: Mapping[str, str]) -> _Kept:
    """Find out what was renamed, and which classes' rules say so."""
    new = Manifest.from_json(model.call(model.class_.manifest).to_json())  # as the old one was read
    diff = attrs.evolve(old, migrations=()).diff(attrs.evolve(new, migrations=()))
    stated = _stated(old, new, rules)
    told = {name for pair in stated for name in pair}
    guessed = [
        (each.old.name, each.new.name)
        for each in diff.renamed
        if each.old.name not in told and each.new.name not in told
    ]
    lacking = _trial_of(old, new, (*guessed, *stated)).orphaned
    guessed = [pair for pair in guessed if pair in lacking]
    former = loading.former_names(new)
    stated = [(before, now) for before, now in stated if before not in former.get(now, ())]
    rules_of: dict[type, dict[str, str]] = {}
    cells: dict[str, type] = {}
    if guessed or stated:
        cells = model.call(lambda **values: cell.cells_of_call(model.class_, (), values))
        rules_of = gate.migrations_of_renames((*guessed, *stated), cells, old=old, new=new)
    return _Kept(old, new, tuple(guessed), tuple(stated), rules_of, cells)


def _stated(old: Manifest, new: Manifest, rules: Mapping[str, str]) -> list[tuple[str, str]]:
    """Apply what `--rename` states to the names of before."""
    known = known_names(new)
    try:
        renaming = layout.apply_rules(layout.parse_rules(rules), [entry.name for entry in old])
    except ValueError as error:
        raise click.UsageError(f"--{error}") from None
    for rule in renaming.dead:
        hint = did_you_mean(rule, [entry.name for entry in old])
        raise click.UsageError(f"--rename {rule}=…: the manifest of before has no such parameter{hint}")
    for name, several in renaming.overlapping.items():
        raise click.UsageError(f"--rename: {name} is renamed by {' and by '.join(several)}: leave one out")
    pairs = [(name, target) for name, target in renaming.names.items() if name != target]
    for name, target in pairs:
        if target not in known:
            hint = did_you_mean(target, known)
            raise click.UsageError(f"--rename: {name} would become {target}, which the model does not have{hint}")
    return pairs


def _further(kept: _Kept) -> _Kept | None:
    """Let the rules begin where the migrations end that are there already; None: they lead to none of the names."""
    since = gate.names_since(kept.renames, kept.new.migrations, known_names(kept.new)) if kept.new.migrations else {}
    if not any(name in since for name, _ in kept.renames):
        return None
    try:
        rules = gate.migrations_of_renames(kept.renames, kept.cells, old=kept.old, new=kept.new, since=since)
    except ManifestError:
        return None
    return attrs.evolve(kept, rules=rules)


# --------------------------------------------------------------------------------------------------- what is written


def _tried(kept: _Kept, reason: str) -> tuple[dict[type, history.Migration], Trial]:
    """Give the migrations, and what becomes of older checkpoints with them."""
    migrations = _migrations(kept, reason)
    return migrations, _trial(kept, _with(kept, migrations))


def _migrations(kept: _Kept, reason: str) -> dict[type, history.Migration]:
    created = history.now()
    migrations = {}
    for cls, rename in kept.rules.items():
        path = history.migration_file(cls)
        if path is None:
            raise ManifestError(
                f"{cls.__qualname__} is defined in no file, so that its migration cannot be kept beside it: put the "
                "class into a module"
            )
        migrations[cls] = history.Migration(cls.__qualname__, rename, reason, created, str(path))
        history.check_migration(migrations[cls])
    return migrations


def _with(kept: _Kept, migrations: Mapping[type, Migration]) -> Manifest:
    """Give the model's manifest as it will be with more migrations."""
    if not migrations:
        return kept.new
    cells = {
        path: (*history.migrations_of(cls), *(migrations[each] for each in cls.__mro__ if each in migrations))
        for path, cls in kept.cells.items()
    }
    return attrs.evolve(kept.new, migrations=history.migrations_in(cells, kept.new.stored))


def _write(migrations: Mapping[type, Migration]) -> None:
    for migration in migrations.values():
        history.append_migration(migration.file, migration)


def _trial(kept: _Kept, new: Manifest) -> Trial:
    return _trial_of(kept.old, new, kept.renames)


def _trial_of(old: Manifest, new: Manifest, renames: Sequence[tuple[str, str]]) -> Trial:
    return gate.try_former_checkpoints(old, new, renames)


# ------------------------------------------------------------------------------------------------------- what is said


def _lines(
    model: Model, kept: _Kept, migrations: Mapping[type, Migration], trial: Trial, written: bool
) -> Iterator[str]:
    if kept.guessed:
        yield "renamed, as it seems; these are guesses, from shapes, declarations and names: review them"
        yield from _arrows(kept.guessed)
    if kept.stated:
        yield "renamed, as stated"
        yield from _arrows(kept.stated)
    for cls, migration in migrations.items():
        yield f"{'wrote' if written else 'would write'} {printable(_shown(migration.file))}, for {cls.__qualname__}"
        yield from _short_list([f"{old} -> {new}" for old, new in migration.rename.items()])
    if not migrations:
        found = "nothing seems to be renamed" if trial.problems else "every parameter of before has its place already"
        yield f"nothing to keep: {found}"
    yield from _verdict(kept, trial, written)
    if written and model.preset is not None:
        reason = next(iter(migrations.values())).reason
        yield f"review and commit it, then accept what changed: lazycell {shell_words('manifest', '--accept', reason)}"


def _verdict(kept: _Kept, trial: Trial, written: bool) -> Iterator[str]:
    """Say what becomes of a checkpoint that was saved before."""
    if trial.orphaned:
        yield "a checkpoint saved before would still not load, so nothing was written; these find no place:"
        yield from _arrows(trial.orphaned)
        return
    removed, added = _not_covered(trial, kept)
    for what, names in (("removed", removed), ("added", added)):
        if names:
            yield f"not covered: {what}, and nothing seems to be the same; if it was renamed: --rename OLD=NEW"
            yield from _collapsed(names)
    others = [each for each in trial.problems if each.name not in {*removed, *added}]
    if others:
        yield "a checkpoint saved before does not load, for other reasons than names:"
        yield from _short_list([f"{each.name}: {mismatch.said(each.words, _SHELL)}" for each in others])
    elif removed or added:
        permitted = {"missing": "init"} if added else {}
        permitted |= {"unexpected": "ignore"} if removed else {}
        options = ", ".join(_SHELL.argument(mismatch.Argument(*each)) for each in permitted.items())
        yield f"a checkpoint saved before {'loads' if written else 'will load'} with {options}"
    elif kept.renames:
        yield f"a checkpoint saved before {'now loads' if written else 'will load'}"


def _not_covered(trial: Trial, kept: _Kept) -> tuple[list[str], list[str]]:
    """Give the names that went and came without anything that says they are the same."""
    renamed = {name for pair in kept.renames for name in pair}
    removed = [each.name for each in trial.problems if each.kind == "unexpected" and each.name not in renamed]
    added = [each.name for each in trial.problems if each.kind == "missing" and each.name not in renamed]
    return removed, added


def _arrows(pairs: Iterable[tuple[str, str]]) -> list[str]:
    """List renames, layers in one line."""
    renames = dict(pairs)
    lines = []
    for pattern, members in show.collapse(renames):
        targets = show.collapse(renames[name] for name in members)
        if len(targets) == 1:
            lines.append(f"{pattern} -> {targets[0][0]}")
        else:
            lines += [f"{name} -> {renames[name]}" for name in members]
    return _short_list(lines)


def _collapsed(names: Iterable[str]) -> list[str]:
    return _short_list([pattern for pattern, _ in show.collapse(names)])


def _short_list(lines: Sequence[str]) -> list[str]:
    return [f"  {printable(line)}" for line in few_lines(lines, _SHOWN)]


def _shown(path: str) -> str:
    try:
        return str(Path(path).relative_to(Path.cwd()))
    except ValueError:
        return path


def _document(kept: _Kept, migrations: Mapping[type, Migration], trial: Trial, written: bool) -> dict[str, Any]:
    removed, added = _not_covered(trial, kept)
    return {
        "renamed": [
            *({"old": old, "new": new, "guess": True} for old, new in kept.guessed),
            *({"old": old, "new": new, "guess": False} for old, new in kept.stated),
        ],
        "migrations": [
            {
                "file": _shown(each.file),
                "cell": each.cell,
                "rename": dict(each.rename),
                "reason": each.reason,
                "created": each.created,
            }
            for each in migrations.values()
        ],
        "written": written,
        "not_covered": {"removed": removed, "added": added},
        "orphaned": [[*pair] for pair in trial.orphaned],
        "loads": not trial.problems,
        "problems": [
            {"kind": each.kind, "name": each.name, "message": mismatch.said(each.words, _SHELL)}
            for each in trial.problems
        ],
    }
