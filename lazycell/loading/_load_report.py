"""What a load did."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from .. import show
from .._frozen import frozen
from ._plan import (
    BY_TORCH,
    AppliedAdapter,
    AppliedMigration,
    LoadPlan,
    adapter_rows,
    conversions,
    key_patterns,
    migration_rows,
)

_ROWS = 20
_NAMES = 12


@frozen
class Cast:
    """A parameter that was converted: from the file's dtype, or what else it has, `source`, to `target`."""

    parameter: str
    source: str
    target: str


@frozen
class Renamed:
    """A parameter that came from another name, `key`, of the file."""

    parameter: str
    key: str


@frozen
class Rearranged:
    """A parameter that the file does not hold as it is: `key` is what holds it, of several `q.weight + k.weight`.

    `how` says how it was got from there: `composed`, `split`, `transposed`, `reshaped`, `joined`, in the order of the
    work.
    """

    parameter: str
    key: str
    how: tuple[str, ...]


@frozen
class LoadReport:
    """What a load did; prints as a short table.

    Attributes:
        path: the checkpoint.
        loaded: full names of the parameters that were filled.
        cast: those of them that were converted.
        renamed: those of them that the file has under another name, through `rename`, a migration or a tie.
        rearranged: those of them that were split off a tensor of the file, joined from several, or turned round.
        initialized: full names of the parameters that were left to their initializers.
        ignored: keys of the file that `unexpected` let pass.
        computed: keys of the file that were left out because the model computes them.
        nbytes: bytes of the file that were taken.
        seconds: how long it took.
        migrated: the migrations that gave tensors of the file the names they have in the model now, oldest first.
        ignored_config: keys of the config that `ignore_config` let pass.
        unused: keys of the file that the model's classes declare as what files carry and nothing needs.
        other_head: keys of the file that belong to another head than the model's, and that `partial` left out.
        new_head: those of `initialized` that `partial` left to their initializers: a head that has to be trained.
        naming: `"torch"` where the names in the file are PyTorch's, by the classes of the cells; else empty.
        lacking: those of `initialized` that PyTorch does not have.
        adapters: what was merged into the weights: names, directories, weights, and which tensors of the file that
            changed.
        notes: what is said of what was loaded: an adapter's targets that it has no tensors for, say.
    """

    path: Path
    loaded: tuple[str, ...]
    cast: tuple[Cast, ...] = ()
    renamed: tuple[Renamed, ...] = ()
    initialized: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    computed: tuple[str, ...] = ()
    nbytes: int = 0
    seconds: float = 0.0
    rearranged: tuple[Rearranged, ...] = ()
    migrated: tuple[AppliedMigration, ...] = ()
    ignored_config: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()
    other_head: tuple[str, ...] = ()
    new_head: tuple[str, ...] = ()
    naming: str = ""
    lacking: tuple[str, ...] = ()
    adapters: tuple[AppliedAdapter, ...] = ()
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, plan: LoadPlan, seconds: float) -> LoadReport:
        """Report that `plan` was carried out in `seconds`.

        Args:
            plan: what was to be done.
            seconds: how long it took.

        Returns:
            The report.
        """
        how = conversions(plan.layout)
        return cls(
            path=plan.path,
            loaded=tuple(step.parameter for step in plan.steps),
            cast=tuple(
                Cast(step.parameter, step.source, step.dtype) for step in plan.steps if step.dtype != step.source
            ),
            renamed=tuple(
                Renamed(step.parameter, step.key)
                for step in plan.steps
                if step.key != step.parameter and step.parameter not in how
            ),
            rearranged=tuple(
                Rearranged(step.parameter, step.key, how[step.parameter])
                for step in plan.steps
                if step.parameter in how and (step.key != step.parameter or step.whole.pieces)
            ),
            initialized=plan.initialize,
            ignored=plan.ignored,
            computed=plan.computed,
            nbytes=plan.nbytes,
            seconds=seconds,
            migrated=plan.migrated,
            unused=plan.unused,
            other_head=plan.other_head,
            new_head=plan.new_head,
            naming=plan.naming,
            lacking=plan.lacking,
            adapters=plan.adapters,
            notes=plan.notes,
        )

    def __str__(self) -> str:
        return str(self._report())

    def _repr_html_(self) -> str:
        return show.html.in_notebook(self, LoadReport._report)

    def _report(self) -> show.Report:
        """Give it for people; parameters that are alike in one row."""
        return show.Report(report_title(self), [show.Table(report_rows(self))], self.notes)


def report_title(report: LoadReport) -> str:
    """Say in one line what was loaded."""
    count = f"{len(report.loaded)} parameter{'' if len(report.loaded) == 1 else 's'}"
    size, time = show.format_bytes(report.nbytes), show.format_seconds(report.seconds)
    return f"loaded {count}, {size} in {time} from {report.path.name}"


def report_rows(report: LoadReport) -> list[tuple[str, ...]]:
    """Give a row for parameters that are alike: what was done, their names, how."""
    rows: list[tuple[str, ...]] = []
    rows += _titled("adapters", adapter_rows(report.adapters))
    rows += _titled("cast", _cast_rows(report.cast))
    renamed = [(BY_TORCH, "")] if report.naming else []
    rows += _titled("renamed", renamed + _renamed_rows(report.renamed))
    rows += _titled("migrated", migration_rows(report.migrated))
    rows += _titled("rearranged", _rearranged_rows(report.rearranged))
    new = {*report.new_head, *report.lacking}
    initialized = _alike([name for name in report.initialized if name not in new], "")
    initialized += _alike(report.lacking, "PyTorch has none")
    rows += _titled("initialized", initialized + _alike(report.new_head, "a new head, to be trained"))
    ignored = _alike(report.ignored, "") + _alike(report.computed, "computed by the model")
    ignored += _alike(report.other_head, "another head's") + _alike(report.unused, "unused")
    rows += _titled("ignored", ignored)
    return rows + _titled("ignored config", [(key, "") for key in report.ignored_config])


def _alike(names: Sequence[str], why: str) -> list[tuple[str, ...]]:
    return [(pattern, why) for pattern, _ in show.collapse(names)]


def _titled(title: str, rows: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    return [(title if position == 0 else "", *row) for position, row in enumerate(show.cut(rows, _ROWS))]


def _cast_rows(casts: tuple[Cast, ...]) -> list[tuple[str, ...]]:
    alike: dict[str, list[str]] = {}
    for cast in casts:
        alike.setdefault(f"{cast.source} -> {cast.target}", []).append(cast.parameter)
    return [(pattern, how) for how, names in alike.items() for pattern, _ in show.collapse(names)]


def _renamed_rows(renamed: tuple[Renamed, ...]) -> list[tuple[str, ...]]:
    keys = {pair.parameter: pair.key for pair in renamed}
    return [
        (pattern, f"from {show.few((key for key, _ in show.collapse(keys[name] for name in members)), _NAMES)}")
        for pattern, members in show.collapse(keys)
    ]


def _rearranged_rows(rearranged: tuple[Rearranged, ...]) -> list[tuple[str, ...]]:
    alike: dict[tuple[str, ...], dict[str, str]] = {}
    for each in rearranged:
        alike.setdefault(each.how, {})[each.parameter] = each.key
    return [
        (pattern, f"from {key_patterns(keys[name] for name in members)} ({', '.join(how)})")
        for how, keys in alike.items()
        for pattern, members in show.collapse(keys)
    ]
