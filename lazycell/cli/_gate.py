"""The golden gate: `lazycell manifest --check` holds a zoo against committed manifests, `--accept` writes them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .. import gate, pretrained, show
from .._errors import LazyCellError, ManifestError
from .._frozen import frozen
from .._harmless import Lines, words_of
from .._location import did_you_mean
from ..show import printable, working
from ._interrupt import interrupts_held
from ._typed import shell_words

if TYPE_CHECKING:
    from ..gate import Held, Trial
    from ..pretrained import Preset, RegisteredModel

_NO = 1


@frozen
class _Zoo:
    """What was held, and what was not.

    Attributes:
        held: each preset or file.
        skipped: for each package that has no directory of manifests, how many presets it has.
        cut_short: directories in which an earlier `--accept` did not come to its end. This one has finished it.
    """

    held: tuple[Held, ...]
    skipped: Mapping[str, int]
    cut_short: tuple[Path, ...] = ()

    @property
    def differing(self) -> list[Held]:
        """Those that are not as committed."""
        return [held for held in self.held if held.state != "same"]


@frozen(eq=False)
class _Wanted:
    """A preset or a file that is to be held; `model` and `preset` are None for a file without a preset."""

    name: str
    directory: Path
    model: RegisteredModel | None = None
    preset: Preset | None = None


def check(patterns: Sequence[str], directory: Path | None, as_json: bool) -> int:
    """Hold presets against their committed manifests, and say what differs.

    Args:
        patterns: names with wildcards, of presets, classes or families; none: of every package with manifests.
        directory: where the manifests are; None: beside each model.
        as_json: print one document.

    Returns:
        0 if nothing differs and no acceptance was cut short, else 1.
    """
    zoo = _hold(patterns, directory)
    trials = _trials(zoo.differing)
    if as_json:
        show.say_json(_document(zoo, trials))
    else:
        show.say("\n".join(_check_lines(zoo, trials, directory)))
    return _NO if zoo.differing or zoo.cut_short else 0


def accept(
    reason: str, patterns: Sequence[str], directory: Path | None, *, without_migration: bool, as_json: bool
) -> int:
    """Write the manifests that differ, and the reason into their log: all of it, or nothing.

    What an earlier call that was killed left half done is finished first, and told.

    Returns:
        0, or 1 if something is renamed and no migration keeps older checkpoints loading: nothing is written then.
    """
    if not reason.strip():
        raise click.UsageError('--accept needs the reason: write --accept "why it changed"')
    zoo = _hold(patterns, directory, reason)
    for each in zoo.cut_short:
        show.complain(f"lazycell: an earlier --accept was cut short in {each}; it is finished now")
    trials = _trials(zoo.differing)
    orphaned = {preset: trial for preset, trial in trials.items() if trial.orphaned}
    if orphaned and not without_migration:
        if as_json:
            show.say_json({"accepted": [], **_document(zoo, trials)})
        show.complain(f"lazycell: {_refusal(zoo, orphaned, directory)}")
        return _NO
    with interrupts_held():
        logs = _write(zoo.differing, reason, orphaned)
    if as_json:
        document = {"accepted": [held.preset for held in zoo.differing], **_document(zoo, trials)}
        show.say_json(document)
    else:
        show.say_lines(_accept_lines(zoo, logs))
    return 0


# ------------------------------------------------------------------------------------------------------- what is held


def _hold(patterns: Sequence[str], directory: Path | None, reason: str | None = None) -> _Zoo:
    with interrupts_held() as let_through, working("making the manifests"):
        models = pretrained.registered_models()
        if reason is not None and any(reason == preset.name for model in models for preset in model.presets):
            raise click.UsageError(f'--accept {reason}: that is a preset: write --accept "why it changed" {reason}')
        wanted, skipped, cut_short = _wanted(patterns, directory, models, finishing=reason is not None)
        held = []
        for each in wanted:
            let_through()
            try:
                path = gate.manifest_file(each.directory, each.name)
            except ValueError as error:
                raise ManifestError(str(error)) from None
            held.append(gate.hold(each.name, _shown(path), _manifest_of(each)))
        return _Zoo(tuple(held), skipped, tuple(map(_shown, cut_short)))


def _wanted(
    patterns: Sequence[str], directory: Path | None, models: Sequence[RegisteredModel], *, finishing: bool
) -> tuple[list[_Wanted], dict[str, int], list[Path]]:
    """Choose what is held, count the presets of the packages that are skipped, and give what was, or is, unfinished."""
    presets: list[_Wanted] = []
    skipped: dict[str, int] = {}
    for model in models:
        place = directory or gate.manifest_directory(model.cls.__module__)
        if place is None or not (patterns or directory or place.is_dir()):
            package = model.cls.__module__.partition(".")[0]
            skipped[package] = skipped.get(package, 0) + len(model.presets)
        else:
            presets += [_Wanted(preset.name, place, model, preset) for preset in model.presets]
    known = {(each.directory, each.name) for each in presets}
    places = dict.fromkeys(each.directory for each in presets)
    if directory is not None:
        places[directory] = None
    finished = gate.finish_accepted if finishing else gate.is_unfinished
    cut_short = [place for place in places if finished(place)]  # before looking at which files are there
    strays = [
        _Wanted(name, place) for place in places for name, _ in gate.manifests_in(place) if (place, name) not in known
    ]
    every = [*presets, *strays]
    if not patterns:
        if not places:
            raise click.UsageError(
                "nothing is held: no package with registered models has a directory `manifests`. Name presets to make "
                'theirs: lazycell manifest --accept "first manifests" PATTERN'
            )
        return every, {name: count for name, count in skipped.items() if count}, cut_short
    chosen: dict[_Wanted, None] = {}
    for pattern in patterns:
        found = [each for each in every if _is_meant(each, pattern)]
        if not found:
            hint = did_you_mean(pattern, [each.name for each in every]) or ": `lazycell models` lists what there is"
            raise click.UsageError(f"no preset and no committed manifest is called {pattern!r}{hint}")
        chosen.update(dict.fromkeys(found))
    return [*chosen], {}, cut_short


def _is_meant(each: _Wanted, pattern: str) -> bool:
    names = [each.name] if each.model is None else [each.name, each.model.model_type, each.model.architecture]
    return any(fnmatchcase(name, pattern) for name in names)


def _manifest_of(wanted: _Wanted) -> Any:
    if wanted.model is None or wanted.preset is None:
        return None
    cls: Any = wanted.model.cls
    try:
        return cls.manifest(**wanted.preset.arguments)
    except (LazyCellError, TypeError) as error:
        raise ManifestError(
            Lines(f"preset {wanted.name!r} of {cls.__name__} has no manifest: {words_of(error)}")
        ) from error


def _shown(path: Path) -> Path:
    """Give a path from the working directory where it is below it: the same on every machine."""
    try:
        return path.relative_to(Path.cwd())
    except ValueError:
        return path


def _trials(differing: Sequence[Held]) -> dict[str, Trial]:
    """Try older checkpoints of each preset in which something seems to be renamed."""
    return {
        held.preset: gate.try_former_checkpoints(held.old, held.new, held.renames)
        for held in differing
        if held.renames and held.old is not None and held.new is not None
    }


# ------------------------------------------------------------------------------------------------------- what is said


def _check_lines(zoo: _Zoo, trials: Mapping[str, Trial], directory: Path | None) -> Iterator[str]:
    differing = zoo.differing
    groups = gate.grouped(differing)
    for group in groups:
        yield gate.group_text(group)
        tried = [trials[held.preset] for held in group if held.preset in trials]
        if tried and not any(trial.orphaned for trial in tried):
            means = "found" if any(trial.problems for trial in tried) else "found, and checkpoints of before load"
            yield f"  with the model's migrations, what is renamed is {means}"
        yield ""
    if differing:
        yield f"{len(differing)} of {_manifests(len(zoo.held))} differ{'s' if len(differing) == 1 else ''}"
        yield from _migrate_lines(groups, trials)
        everything = len(differing) == len(zoo.held)
        names = [] if everything and directory is None else [held.preset for held in differing]
        yield f"accept: lazycell manifest {shell_words('--accept', 'why it changed', *names, *_dir(directory))}"
    else:
        yield f"{_manifests(len(zoo.held))} {'is' if len(zoo.held) == 1 else 'are'} as committed"
    for each in zoo.cut_short:
        yield f"an --accept was cut short in {printable(str(each))}: the next one finishes it first"
    yield from _skipped_lines(zoo)


def _migrate_lines(groups: Sequence[Sequence[Held]], trials: Mapping[str, Trial]) -> Iterator[str]:
    for group in groups:
        held = next((each for each in group if each.preset in trials and trials[each.preset].orphaned), None)
        if held is not None:
            command = shell_words("migrate", held.preset, "--reason", "why it changed")
            yield f"keep checkpoints loading, before accepting: lazycell {command}"


def _accept_lines(zoo: _Zoo, logs: Sequence[Path]) -> Iterator[str]:
    differing = zoo.differing
    if not differing:
        yield f"nothing to accept: {_manifests(len(zoo.held))} {'is' if len(zoo.held) == 1 else 'are'} as committed"
    else:
        for held in differing:
            old, new = held.digests
            was = f"{old or 'none'} -> {new or 'removed'}"
            yield f"{printable(str(held.path))}: {was}"
        yield f"the reason is in {', '.join(printable(str(log)) for log in logs)}"
    yield from _skipped_lines(zoo)


def _skipped_lines(zoo: _Zoo) -> Iterator[str]:
    if zoo.skipped:
        packages = ", ".join(printable(name) for name in zoo.skipped)
        yield f"not held, as there are no manifests beside the models: {packages}"


def _refusal(zoo: _Zoo, orphaned: Mapping[str, Trial], directory: Path | None) -> str:
    pairs = next(iter(orphaned.values())).orphaned
    names = ", ".join(f"`{printable(pattern)}`" for pattern, _ in show.collapse(old for old, _ in pairs)[:6])
    presets = gate.names_text([*orphaned])
    groups = gate.grouped([held for held in zoo.differing if held.preset in orphaned])
    advice = "\n".join(f"  {line}" for line in _migrate_lines(groups, orphaned))
    return (
        f"not accepted, and nothing is written: in {presets} parameters seem to be renamed, and a checkpoint of before "
        f"would not load: {names} would find no place\n{advice}\n"
        "  or, if these are new parameters and no renamed ones: add --without-migration"
    )


def _dir(directory: Path | None) -> list[str]:
    return [] if directory is None else ["--dir", str(directory)]


def _manifests(count: int) -> str:
    return f"{count} manifest{'' if count == 1 else 's'}"


def _document(zoo: _Zoo, trials: Mapping[str, Trial]) -> dict[str, Any]:
    return {
        "manifests": len(zoo.held),
        "differences": [_held_document(held, trials.get(held.preset)) for held in zoo.differing],
        "skipped": [*zoo.skipped],
        "cut_short": [*map(str, zoo.cut_short)],
    }


def _held_document(held: Held, trial: Trial | None) -> dict[str, Any]:
    old, new = held.old, held.new
    return {
        "preset": held.preset,
        "path": str(held.path),
        "state": held.state,
        "old_digest": None if old is None else old.digest,
        "new_digest": None if new is None else new.digest,
        "fault": held.fault or None,
        "renamed_without_migration": [[*pair] for pair in trial.orphaned] if trial else [],
        "diff": json.loads(held.diff.to_json()) if held.diff else None,
    }


# ---------------------------------------------------------------------------------------------------- what is written


def _write(differing: Sequence[Held], reason: str, orphaned: Collection[str]) -> list[Path]:
    """Write what differs, directory by directory, each with its log; give the logs."""
    by_directory: dict[Path, list[Held]] = {}
    for held in differing:
        by_directory.setdefault(held.path.parent, []).append(held)
    for directory in by_directory:  # one that cannot be continued is not found out about when others are written
        gate.read_log(directory)
    day = datetime.now(timezone.utc).date().isoformat()
    for directory, accepted in by_directory.items():
        files = {each.path.name: None if each.new is None else gate.golden_text(each.new) for each in accepted}
        gate.write_accepted(directory, files, gate.entry_of(accepted, reason, day, orphaned))
    return [directory / gate.LOG for directory in by_directory]
