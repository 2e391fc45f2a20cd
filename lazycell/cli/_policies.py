"""What a checkpoint may lack, have besides, and be called, as options of commands that plan a load."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import click

from .. import loading
from .._errors import LazyCellError
from .._frozen import frozen
from ._adapter_option import adapter_option, adapters_of
from ._model import Model
from ._renames import checked, rules_of

if TYPE_CHECKING:
    from ..formats import CheckpointHeader
    from ..mismatch import Mismatch

_F = TypeVar("_F", bound=Callable[..., Any])


@frozen
class Policies:
    """What `--missing`, `--unexpected`, `--cast`, `--rename`, `--partial` and `--adapter` say."""

    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    cast: str
    rules: Mapping[str, str]
    partial: bool
    adapters: tuple[str, ...] = ()

    def adapted(self, header: CheckpointHeader) -> tuple[CheckpointHeader, tuple[loading.AppliedAdapter, ...]]:
        """Give a checkpoint with the adapters merged into it, and what each changes.

        Raises:
            click.UsageError: a word names no directory.
            CheckpointMismatchError: an adapter is none of this checkpoint.
            LazyCellError: an adapter cannot be read, or asks for what is not done here.
        """
        if not self.adapters:
            return header, ()
        given = adapters_of(self.adapters)
        return loading.with_adapters(header, loading.LoadOptions(dtype=self.cast, adapter=given))

    def fitted(self, found: Model, header: CheckpointHeader) -> loading.LoadPlan | Mismatch:
        """Fit a checkpoint to a model: what a load would do, or why there is none.

        Raises:
            click.UsageError: a pattern or a rule means nothing.
            LazyCellError: the class or the file refuses.
        """
        policies = {"missing": _permitted(self.missing, "init"), "unexpected": _permitted(self.unexpected, "ignore")}
        published = False if found.preset is None else "new"  # by its name: as it is published, whatever its head is
        try:
            given = loading.LoadOptions(
                **policies,
                dtype=self.cast,
                partial=self.partial or published,
                rename=dict(self.rules) or None,
                adapter=adapters_of(self.adapters) if self.adapters else None,
            )
            return found.fitted(header, given)
        except LazyCellError:  # a ValueError too, but what files hold and classes refuse is no wrong usage
            raise
        except ValueError as error:
            raise click.UsageError(str(error)) from None


def policy_options(command: _F) -> _F:
    """Add the options to a command, which gets one argument, `policies`."""

    @functools.wraps(command)
    def wrapped(
        *args: Any,
        missing: tuple[str, ...],
        unexpected: tuple[str, ...],
        cast: str,
        rename: tuple[str, ...],
        partial: bool,
        adapter: tuple[str, ...],
        **kwargs: Any,
    ) -> Any:
        rules = (checked(rules_of(rename)) or {}) if rename else {}
        return command(*args, policies=Policies(missing, unexpected, cast, rules, partial, adapter), **kwargs)

    for option in (
        adapter_option,
        click.option(
            "--partial",
            is_flag=True,
            help="Take a head's checkpoint for its base, and a base's or another head's for a model with a head; a "
            "head that does not fit is left to its initializers.",
        ),
        click.option(
            "--rename",
            multiple=True,
            metavar="OLD=NEW",
            help="From a name in the checkpoint to the model's; {i} stands for one segment, {*rest} for several.",
        ),
        click.option(
            "--cast",
            type=click.Choice(["cast", "strict", "checkpoint"]),
            default="cast",
            show_default=True,
            help="Convert to the model's dtypes, take no others, or take the checkpoint's.",
        ),
        click.option(
            "--unexpected",
            multiple=True,
            metavar="error|ignore|PATTERN",
            help="What the model may lack: nothing, anything, or names that match.",
        ),
        click.option(
            "--missing",
            multiple=True,
            metavar="error|init|PATTERN",
            help="What the checkpoint may lack: nothing, anything, or names that match; repeat it for several "
            "patterns.",
        ),
    ):
        wrapped = option(wrapped)
    return wrapped  # type: ignore[return-value]


def _permitted(patterns: tuple[str, ...], everything: str) -> Any:
    """Give the argument of `plan` that an option stands for."""
    if patterns in ((), ("error",), (everything,)):
        return patterns[0] if patterns else "error"
    return list(patterns)
