"""What the ranks of a mesh read and hold, on stdout: as text, and as JSON holds it."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from .. import loading, show
from .._frozen import frozen
from ._verdict import plan_json

if TYPE_CHECKING:
    from ..formats import CheckpointHeader
    from ..loading import Held, LoadPlan, RankKind
    from ..manifest import Manifest, RankGroups

_KINDS = 20
"""How many kinds of ranks are listed; JSON has all of them."""


@frozen(slots=False)
class AllRanks:
    """A checkpoint that fits a model, and a mesh that divides it.

    Attributes:
        manifest: of the model.
        header: of the checkpoint.
        groups: what ranks have.
        plan: for the whole model.
    """

    manifest: Manifest
    header: CheckpointHeader
    groups: RankGroups
    plan: LoadPlan

    # ----------------------------------------------------------------------------------------------------------- text

    def say(self) -> None:
        """Say it of all ranks."""
        kinds = self._kinds
        where = any(kind.where for kind in kinds)
        titles = ["ranks", "first", *(["where"] if where else []), "parameters", "holds", "reads"]
        rows = []
        for kind in kinds[:_KINDS]:
            held = kind.held
            row = [f"{kind.ranks:,}", f"{kind.first:,}", *([kind.where or "everywhere"] if where else [])]
            sums = show.format_bytes(held.nbytes), show.format_bytes(held.read)
            rows.append((*row, f"{held.parameters:,}", *sums))
        show.say(show.printable(f"{self.manifest.model} on {_counted(self.groups.ranks)}, mesh {self._mesh}:"))
        show.print_table(titles, rows, right={0, 1, *range(2 + where, 5 + where)})
        if len(kinds) > _KINDS:
            show.say(f"... {show.more(len(kinds) - _KINDS)}")
        self._say_all()

    def say_of(self, rank: int) -> None:
        """Say it of one rank: its plan, and what that comes to."""
        mine = self._plan_of(rank)
        held = loading.held_by(self.groups.held_by(rank), self.plan)
        files = loading.files_of(mine.steps)
        show.say(show.printable_lines(str(mine)))
        at = ", ".join(f"{axis}={each}" for axis, each in self.groups.coordinates(rank).items())
        show.say(show.printable(f"rank {rank:,} of {self.groups.ranks:,}, at {at}:"))
        of = "" if len(self._files) < 2 else f", out of {len(files):,} of {len(self._files):,} files"
        lines = [
            f"  reads {show.format_bytes(mine.nbytes)} of {show.format_bytes(self.header.nbytes)}{of}",
            f"  holds {_parameters(held.parameters)} of {len(self.manifest):,}, {held.elements:,} elements, "
            f"{show.format_bytes(held.nbytes)}",
        ]
        show.say("\n".join(lines))
        self._say_all()

    def _say_all(self) -> None:
        kinds = self._kinds
        total, read, model = self._held, self._read, self.manifest.nbytes
        sizes = [kind.held.nbytes for kind in kinds]
        each = f"each {show.format_bytes(sizes[0])}"
        if min(sizes) < max(sizes):
            each = f"each {show.format_bytes(min(sizes))} to {show.format_bytes(max(sizes))}"
        times = f", {total / model:.2f} times the model" if model else ""
        lines = [
            f"all {_counted(self.groups.ranks)} hold {show.format_bytes(total)}{times}; {each}",
            f"all together read {show.format_bytes(read)}; the checkpoint has {show.format_bytes(self.header.nbytes)}",
        ]
        if nobody := self._nobody:
            names = show.few((pattern for pattern, _ in show.collapse(nobody)), 4)
            lines.append(f"no rank has {_parameters(len(nobody))}: {names}")
        lines.append(f"{self.manifest.model} fits {self.header.path} on this mesh")
        for line in lines:
            show.say(show.printable(line))

    # ----------------------------------------------------------------------------------------------------------- JSON

    def json(self) -> dict[str, Any]:
        """Give it of all ranks."""
        return {**self._json, "kinds": [_kind_json(kind) for kind in self._kinds]}

    def json_of(self, rank: int) -> dict[str, Any]:
        """Give it of one rank, with its plan."""
        mine = self._plan_of(rank)
        held = loading.held_by(self.groups.held_by(rank), self.plan)
        return {
            **self._json,
            "rank": rank,
            "coordinates": self.groups.coordinates(rank),
            **_held_json(held),
            "files": loading.files_of(mine.steps),
            "plan": plan_json(mine),
        }

    @property
    def _json(self) -> dict[str, Any]:
        return {
            "fits": True,
            "model": self.manifest.model,
            "model_bytes": self.manifest.nbytes,
            "checkpoint": str(self.header.path),
            "checkpoint_bytes": self.header.nbytes,
            "mesh": dict(self.groups.sizes),
            "ranks": self.groups.ranks,
            "all_hold_bytes": self._held,
            "all_read_bytes": self._read,
            "on_no_rank": self._nobody,
        }

    # -------------------------------------------------------------------------------------------------------- figures

    def _plan_of(self, rank: int) -> LoadPlan:
        return loading.cut_plan(self.plan, self.groups.places(rank))

    @functools.cached_property
    def _kinds(self) -> list[RankKind]:
        return loading.kinds_of_ranks(self.groups, self.plan)

    @property
    def _held(self) -> int:
        return sum(kind.held.nbytes * kind.ranks for kind in self._kinds)

    @property
    def _read(self) -> int:
        return sum(kind.held.read * kind.ranks for kind in self._kinds)

    @property
    def _nobody(self) -> list[str]:
        """Parameters that no rank has: what is on stages that exclude one another."""
        return [name for group in self.groups.groups if any(not at for _, at in group.holders) for name in group.names]

    @property
    def _files(self) -> list[str]:
        return loading.files_of(self.plan.steps)

    @property
    def _mesh(self) -> str:
        return ", ".join(f"{axis}={size}" for axis, size in self.groups.sizes.items())


def _kind_json(kind: RankKind) -> dict[str, Any]:
    return {"ranks": kind.ranks, "first": kind.first, "where": kind.where, **_held_json(kind.held)}


def _held_json(held: Held) -> dict[str, int]:
    return {
        "parameters": held.parameters,
        "elements": held.elements,
        "bytes": held.nbytes,
        "filled": held.filled,
        "read_bytes": held.read,
    }


def _counted(ranks: int) -> str:
    return "1 rank" if ranks == 1 else f"{ranks:,} ranks"


def _parameters(count: int) -> str:
    return "1 parameter" if count == 1 else f"{count:,} parameters"
