"""Say whether a checkpoint fits a model, and if not, why not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from .. import mismatch, show, sources
from .._collector import collector_paused
from ..formats import CheckpointHeader
from ..manifest import Manifest
from ..mismatch import Problem
from ._attempt import attempt
from ._lookup import Lookup
from ._options import LoadOptions
from ._plan import LoadPlan

if TYPE_CHECKING:
    from ..mismatch import Again, Cause, Mismatch

_DEFAULT = LoadOptions()


def make_plan(
    manifest: Manifest, header: CheckpointHeader, options: LoadOptions = _DEFAULT, *, again: Again | None = None
) -> LoadPlan:
    """Fit a checkpoint to a model, or say why it does not; see `fit`.

    Raises:
        CheckpointMismatchError: the checkpoint does not fit; the message has every problem, grouped, with the
            likely causes, and `problems` has them as data.
        ValueError: an option has a value that means nothing.
    """
    found = fit(manifest, header, options, again=again)
    if not isinstance(found, LoadPlan):
        raise found.error()
    return found


@collector_paused()
def fit(
    manifest: Manifest,
    header: CheckpointHeader,
    options: LoadOptions = _DEFAULT,
    *,
    again: Again | None = None,
) -> LoadPlan | Mismatch:
    """Fit a checkpoint to a model. Linear in the number of names; no data is read.

    Each parameter is taken from what it is declared to be stored as, or from its own name; a checkpoint that has both
    does not fit. A tensor that has the name of before a migration of the model's counts as under its present name.

    Args:
        manifest: what the model declares.
        header: what the checkpoint holds.
        options: what the user says about the load.
        again: gives the model's manifest with other hyperparameters, where the class is known: for likely causes.

    Returns:
        What the load will do; or everything that is in its way, as data.

    Raises:
        ValueError: an option has a value that means nothing.
        CheckpointError: an adapter changes what the model has tied.
    """
    found = attempt(manifest, header, options)
    if isinstance(found, LoadPlan):
        if options.adapter is not None:
            sources.adapters.refuse_tied(
                found.model, manifest.ties, {each.parameter: each.read for each in found.steps}
            )
        lacking = _lacking(manifest, header, options, again) if options.partial == "new" and found.new_head else None
        return found if lacking is None else lacking
    if found.moved:  # what is wrong is told of the names in the file
        options = attrs.evolve(options, partial=False)
        found = attempt(manifest, header, options)
        assert not isinstance(found, LoadPlan)
    return _mismatch(manifest, header, options, found, again)


def _lacking(
    manifest: Manifest, header: CheckpointHeader, options: LoadOptions, again: Again | None
) -> Mismatch | None:
    """Give what is wrong if a head is not new but one with the table: a file without it was tied, or cut off."""
    options = attrs.evolve(options, partial=False)
    strict = attempt(manifest, header, options)
    if isinstance(strict, LoadPlan):
        return None
    found = _mismatch(manifest, header, options, strict, again)
    return found if any(cause.kind == "tie" for cause in found.causes) else None


def _as_another_head(
    manifest: Manifest, header: CheckpointHeader, options: LoadOptions, problems: list[Problem]
) -> tuple[Cause, ...]:
    """Tell whether all would be well if the checkpoint were another head's, by trying it."""
    if options.partial is True or manifest.base is None:
        return ()
    tried = attempt(manifest, header, attrs.evolve(options, partial=True))
    if not isinstance(tried, LoadPlan):
        return ()
    return (mismatch.other_head(problems, manifest.base, tried.new_head, tried.other_head),)


def _mismatch(
    manifest: Manifest, header: CheckpointHeader, options: LoadOptions, there: Lookup, again: Again | None
) -> Mismatch:
    splits = show.Splits()
    problems, tensors = there.problems, there.tensors
    causes = _as_another_head(manifest, header, options, problems)
    found = mismatch.likely_causes(problems, manifest, tensors, path=header.path, splits=splits, again=again)
    # The same head in another form is no other one, nor is another family's. What hyperparameters make is: they come
    # first, and the choice is the user's.
    others = any((each.rename and each.kind != "prefix") or each.kind == "another model" for each in found)
    causes = (*(cause for cause in found if cause.settings), *causes) if causes and not others else found
    return mismatch.Mismatch(
        path=header.path,
        model=manifest.model,
        problems=(*problems,),
        causes=causes,
        initialize=there.initialize,
        ignored=there.ignored,
        splits=splits,
        tensors=tensors,
    )
