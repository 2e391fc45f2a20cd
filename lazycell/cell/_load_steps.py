"""The steps of a load: a plan from headers alone, then the bytes, and at last all parameters change or none."""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import attrs
from mindspore import nn

from .. import loading, parameters, saving, show
from .._arguments import check_progress, check_switch
from .._collector import collector_paused
from .._errors import HeadWarning
from .._frozen import frozen
from .._location import frames_to_user
from ..formats import ByteRange, CheckpointHeader, open_checkpoint
from ..layout import LAYOUT, NAMING
from ..loading import LOADED, Loaded, LoadOptions, LoadPlan, LoadReport, make_plan, stage
from ..parameters import Assignment, Mark, Origin, fill_all, left_by_checkpoint
from ..reading import Reader
from ..system import Array
from ._net_manifest import built_again, survey

if TYPE_CHECKING:
    from ..formats import FileStamp
    from ..loading import AppliedAdapter, LoadStep
    from ..manifest import Manifest
    from ..mismatch import Again
    from ._naming import Naming

Progress = Callable[[int, int], None]


class Change(Protocol):
    """What carries out a part of a load, on a net that is loaded already: see `_switch`."""

    def only_what_changes(
        self,
        plan: LoadPlan,
        loaded: Loaded | str,
        header: CheckpointHeader,
        surveyed: tuple[Manifest, Mapping[str, Any]],
    ) -> tuple[LoadPlan, Loaded]:
        """Cut the plan of all of the load to that part, and say what is remembered of it."""

    def check_unchanged(self, planned: Planned, tell: Progress) -> None:
        """Refuse what may not be read again, before it is read; tell how many bytes are compared, of how many."""


@frozen(eq=False)
class Planned:
    """A load before a byte of data is read: the headers, the net's parameters by full name, and what goes where."""

    header: CheckpointHeader
    manifest: Manifest
    targets: Mapping[str, Any]
    again: Again | None
    plan: LoadPlan
    loaded: Loaded | str
    switch: Change | None = None


def plan_load(
    net: nn.Cell,
    path: str | PathLike[str] | Mapping[str, Any],
    options: LoadOptions,
    naming_of: Callable[..., Naming],
    make: Callable[..., LoadPlan] | None,
    surveyed: tuple[Manifest, Mapping[str, Any]] | None = None,
    switch: Change | None = None,
) -> Planned:
    """Plan a load; the arguments are those of `load_checkpoint`, and what `survey` gives if that is known."""
    check_progress(options.progress)
    check_switch(options.mmap, "mmap")
    check_switch(options.verify, "verify")
    decrypt = None
    if options.dec_key is not None or options.dec_mode is not None:
        cipher = parameters.cipher_mode(options.dec_key, options.dec_mode, "dec")
        decrypt = parameters.decryption(options.dec_key, cipher)
    with collector_paused():
        header = open_checkpoint(path, decrypt=decrypt)
        loaded = remembered(path, header, options, make)
        adapters: tuple[AppliedAdapter, ...] = ()
        if options.adapter is not None:
            header, adapters = loading.with_adapters(header, options)
        manifest, targets = survey(net) if surveyed is None else surveyed
        again = built_again(net)
        make = make_plan if make is None else make
        if all(entry.declared_by is not None for entry in manifest.entries):
            plan = make(manifest, header, options, again=again)
        else:
            plan = naming_of(net, manifest, targets, header, options).plan(header, again, make)
        if adapters:
            plan, loaded = attrs.evolve(plan, adapters=adapters), _with_adapters(loaded, adapters)
        if switch is not None:
            plan, loaded = switch.only_what_changes(plan, loaded, header, (manifest, targets))
    return Planned(header, manifest, targets, again, plan, loaded, switch)


def remembered(
    path: str | PathLike[str] | Mapping[str, Any],
    header: CheckpointHeader,
    options: LoadOptions,
    make: Callable[..., LoadPlan] | None,
) -> Loaded | str:
    """Give what is remembered of a load: nothing that keeps values alive, nor a key. Or say why nothing is."""
    if isinstance(path, Mapping):
        return "it was loaded from a dict in memory"
    if options.dec_key is not None:
        return "it was loaded from an encrypted file"
    if make is not None:
        return "a part of a file was chosen for it by `choice_func`, `specify_prefix` or `filter_prefix`"
    stamps: dict[Path, FileStamp] = {}
    last = None
    for tensor in header.tensors.values():
        for part in tensor.ranges:
            where = getattr(part, "path", None)
            if where is last and where is not None:
                continue
            last = where
            for each in (part,) if isinstance(part, ByteRange) else getattr(part, "ranges", ()):
                if each.stamp is not None:
                    stamps[Path(os.path.abspath(each.path))] = each.stamp
    again = attrs.evolve(
        options,
        progress=None,
        adapter=None,
        verify=False,  # the stamps tell whether it is the file that was verified
        missing=_kept(options.missing, "init"),
        unexpected=_kept(options.unexpected, "ignore"),
        rename=_copied(options.rename),
        quantization=_copied(options.quantization),
    )
    return Loaded(Path(os.path.abspath(path)), again, stamps)


def _kept(patterns: str | Iterable[str], lenient: str) -> str | Iterable[str]:
    """Give patterns that can be read again, and pickled with the net; what permits all, for those that cannot."""
    if isinstance(patterns, str) or not isinstance(patterns, Iterable):  # the latter is refused by the plan
        return patterns
    return lenient if isinstance(patterns, Iterator) else tuple(patterns)


def _copied(mapping: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    return dict(mapping) if isinstance(mapping, Mapping) else mapping


def _with_adapters(loaded: Loaded | str, adapters: tuple[AppliedAdapter, ...]) -> Loaded | str:
    if isinstance(loaded, str):
        return loaded
    adapters = tuple(attrs.evolve(each, path=Path(os.path.abspath(each.path))) for each in adapters)
    known = {each.name: (each.path, each.weight) for each in adapters}
    return attrs.evolve(loaded, known=known, adapters=adapters)


def read_planned(planned: Planned, options: LoadOptions) -> dict[str, Array]:
    """Read what a plan says, and check what can only be checked with the data."""
    plan, header = planned.plan, planned.header
    with Reader(mmap=options.mmap) as reader, show.ProgressBar(f"loading {plan.path.name}") as bar:
        report = _Report(bar if options.progress is None else options.progress, plan)
        if planned.switch is not None:
            planned.switch.check_unchanged(planned, report.verified)
        if options.verify:
            saving.verify_checksums(header, reader, report.verified)
        if plan.has_copies:
            loading.check_ties(plan, reader, manifest=planned.manifest, again=planned.again)
        return stage(plan, reader, report.read)


def commit(net: nn.Cell, planned: Planned, arrays: dict[str, Array], started: float) -> LoadReport:
    """Give the parameters what was read: all of them, or none."""
    plan, targets = planned.plan, planned.targets
    with collector_paused():
        assignments = _assignments(plan, targets, arrays)
        marks = [left_by_checkpoint(targets[name]) for name in plan.initialize]
        marks.append(Mark(net, LAYOUT, plan.layout))
        if not (plan.initialize and isinstance(net.__dict__.get(LOADED), Loaded)):  # a part that is loaded later
            marks.append(Mark(net, LOADED, planned.loaded))
        if planned.switch is not None and net.__dict__.get("load_report") is not None:
            marks.append(Mark(net, "load_report", attrs.evolve(net.load_report, adapters=plan.adapters)))
        if plan.naming or NAMING in net.__dict__:
            marks.append(Mark(net, NAMING, plan.lacking if plan.naming else None))
    if plan.new_head:  # before anything changes: a warning may be made an error
        warnings.warn(loading.new_head_text(plan), HeadWarning, stacklevel=frames_to_user())
    # From here on nothing is read and nothing can be found wrong. No line may follow, nor a `with` be left: an
    # interrupt there would find the load done, and yet look like one that failed.
    return fill_all(assignments, marks, finish=lambda: LoadReport.of(plan, time.perf_counter() - started))


class _Report:
    """One report of progress for all of a load: first the bytes that are verified or compared, then those read."""

    def __init__(self, progress: Progress, plan: LoadPlan) -> None:
        self._progress = progress
        self._plan = plan
        self._verified = 0

    def verified(self, done: int, total: int) -> None:
        """Tell how many bytes of the checkpoint are verified."""
        self._verified = total
        self._progress(done, total + self._plan.nbytes)

    def read(self, done: int, total: int) -> None:
        """Tell how many of the bytes to be read are read."""
        self._progress(self._verified + done, self._verified + total)


def _assignments(plan: LoadPlan, targets: Mapping[str, Any], arrays: dict[str, Array]) -> list[Assignment]:
    file = plan.path.name
    return [
        Assignment(targets[step.parameter], arrays.pop(step.parameter), Origin("checkpoint", _detail(file, step)))
        for step in plan.steps
    ]


def _detail(file: str, step: LoadStep) -> str:
    """Say which tensor of which file it is, and what was stored where the numbers were computed from that."""
    return f"{file}: {step.key} ({step.tensor.origin})" if step.tensor.origin else f"{file}: {step.key}"
