"""MODEL that is a function, a class of plain cells, or a net: called without values, with what `--set` says."""

from __future__ import annotations

import functools
import inspect
import traceback
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import attrs
import click

import lazycell

from .. import _dtypes, cell, declaration, parameters, pretrained
from .._errors import CheckpointMismatchError, LazyCellError
from .._frozen import frozen
from .._harmless import words_of
from .._location import Location, did_you_mean, message
from ..show import working
from ._imported import printing_aside
from ._interrupt import interrupts_passed_on

if TYPE_CHECKING:
    from .._nn_cell import Cell
    from ..formats import CheckpointHeader
    from ..loading import LoadOptions, LoadPlan
    from ..manifest import Manifest
    from ..mismatch import Mismatch


@frozen(slots=False)
class Factory:
    """What gives the net, and the arguments for it.

    Attributes:
        title: as it was written.
        function: a function, a class of cells, or a net.
        arguments: for the function, by name.
    """

    title: str
    function: Any
    arguments: Mapping[str, Any] = attrs.field(factory=dict)

    @functools.cached_property
    def net(self) -> Cell:
        """The net, without values.

        Raises:
            click.UsageError: an argument is missing, or what comes out is no cell.
            LazyCellError: the function fails; the message names the line.
        """
        if declaration.is_cell(self.function):
            return self.function
        positional, named = self._sorted()
        with working("building the model"), interrupts_passed_on(), printing_aside():
            try:
                with parameters.no_init_parameters():
                    net = self.function(*positional, **named)
            except (KeyboardInterrupt, LazyCellError):
                raise
            except BaseException as error:  # somebody's code may do anything, `sys.exit` included
                _failed(self.title, self.function, error)
        if not declaration.is_cell(net):
            hint = ": does it return the net?" if net is None else ""
            raise click.UsageError(f"{self.title} gives {net!r:.80}, which is no cell{hint}")
        return net

    @functools.cached_property
    def manifest(self) -> Manifest:
        """The manifest of the net."""
        return cell.manifest_of_net(self.net)

    @property
    def classes(self) -> dict[str, str]:
        """Names of the classes of its cells, by path."""
        return {path: type(each).__name__ for path, each in self.net.cells_and_names() if path}

    def fitted(self, header: CheckpointHeader, options: LoadOptions) -> LoadPlan | Mismatch:
        """Fit a checkpoint, under MindSpore's names or PyTorch's, as a load does.

        Raises:
            ValueError: an option has a value that means nothing.
        """
        try:
            return cell.plan_for(self.net, header, options)
        except CheckpointMismatchError as error:
            return error.mismatch  # type: ignore[return-value]

    def as_named(self, header: CheckpointHeader) -> dict[str, tuple[str, tuple[int, ...]]]:
        """Give what the net has a checkpoint's tensors for, by their names there: the parameter, and its shape.

        A tensor that has not the shape that a parameter has there keeps its own.
        """
        try:
            manifest = cell.manifest_for(self.net, header)
        except CheckpointMismatchError:  # names of both kinds: nothing is known of either
            return {}
        found = {name: (owner, manifest[owner].shape) for name, owner in manifest.ties.items()}
        found |= {each.name: (each.parameters[0], each.shape) for each in manifest.stored if len(each.parameters) == 1}
        return {
            name: (owner, manifest[owner].shape if header.tensors[name].shape == shape else header.tensors[name].shape)
            for name, (owner, shape) in found.items()
            if name in header.tensors
        }

    def _sorted(self) -> tuple[list[Any], dict[str, Any]]:
        """Give what is passed by position, and what by name."""
        named, positional = {**self.arguments}, []
        takes = arguments_of(self.function)
        check_complete(self.title, takes, named)
        for name, each in takes.items():
            if each.kind is each.POSITIONAL_ONLY and name in named:
                positional.append(named.pop(name))
        return positional, named


_OPEN = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def factory_of(
    title: str,
    found: Any,
    settings: Mapping[str, Any],
    config: Path | None,
    ignore_config: Sequence[str],
    dtype: str | None,
) -> Factory:
    """Give the factory that `module:name` stands for; nothing is built.

    Args:
        title: as it was written.
        found: what is there under that name.
        settings: what `--set` says.
        config: a JSON file with arguments; keys that begin with `_` are its own.
        ignore_config: keys of it that are passed over.
        dtype: what `--dtype` says.

    Raises:
        click.UsageError: it is nothing that gives a net, or takes no such arguments.
        LazyCellError: the config refuses.
    """
    if declaration.is_cell(found):
        if settings or config is not None or dtype is not None:
            option = "--set" if settings else "--dtype" if config is None else "--config"
            raise click.UsageError(f"{option} does not go with {title}, a net that is built already")
        return Factory(title, found)
    if isinstance(found, type) and not hasattr(found, "cells_and_names"):
        raise click.UsageError(f"{title}: {found.__name__} is no cell, neither a LazyCell nor another nn.Cell")
    if isinstance(found, type) and issubclass(found, lazycell.LazyCell):
        raise click.UsageError(f"{title}: {found.__name__} declares nothing: name a class that is derived from it")
    if not callable(found):
        raise click.UsageError(f"{title} is {found!r:.80}, neither a class, a function nor a net")
    if config is None and ignore_config:
        raise click.UsageError(f"--ignore-config {ignore_config[0]}: there is no config; name one with --config")
    takes = arguments_of(found)
    open_ended = any(each.kind is each.VAR_KEYWORD for each in takes.values())
    names = [name for name, each in takes.items() if each.kind not in _OPEN]
    arguments: dict[str, Any] = {}
    if config is not None:
        said = pretrained.config_in(config).options
        ignored = pretrained.ignored_keys(ignore_config, said)
        arguments = {key: value for key, value in said.items() if key not in ignored and not key.startswith("_")}
        for name in arguments:
            if name not in names and not open_ended:
                raise click.UsageError(
                    f"{config}: {title} has no argument {name!r}{did_you_mean(name, names)}; where it changes nothing, "
                    f"pass over it: --ignore-config {name}"
                )
    for name in settings:
        if name not in names and not open_ended:
            hint = did_you_mean(name, names) or f"; it has {', '.join(names) or 'none'}"
            raise click.UsageError(f"--set {name}: {title} has no such argument{hint}")
    arguments |= settings
    if dtype is not None:
        if "dtype" not in names and not open_ended:
            raise click.UsageError(f"--dtype {dtype}: {title} takes no dtype")
        arguments["dtype"] = dtype
    return Factory(title, found, {name: _dtype_of(value, takes.get(name)) for name, value in arguments.items()})


def check_complete(title: str, takes: Mapping[str, inspect.Parameter], given: Collection[str]) -> None:
    """Refuse arguments that are not enough.

    Raises:
        click.UsageError: it names the others, as they are typed.
    """
    lacking = [
        name
        for name, each in takes.items()
        if name not in given and each.default is each.empty and each.kind not in _OPEN
    ]
    if lacking:
        options = " ".join(f"--set {name}=..." for name in lacking)
        raise click.UsageError(f"{title} needs {', '.join(lacking)}: write {options}")


def arguments_of(function: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    """Give what a function or a class takes, by name; what does not tell takes anything."""
    try:
        return {**inspect.signature(function).parameters}
    except (TypeError, ValueError):
        return {"arguments": inspect.Parameter("arguments", inspect.Parameter.VAR_KEYWORD)}


def _dtype_of(value: Any, argument: inspect.Parameter | None) -> Any:
    """Give MindSpore's dtype for the name of one, where the argument is a dtype by default."""
    if not isinstance(value, str) or argument is None:
        return value
    if not isinstance(argument.default, parameters.FrameworkType):
        return value
    try:
        return parameters.framework_dtype(_dtypes.dtype_name(value))
    except TypeError:
        raise click.UsageError(f"{argument.name} is a dtype, and {value!r} is none: write float16, say") from None


def _failed(title: str, function: Any, error: BaseException) -> NoReturn:
    """Tell in one sentence what a function raised, and the line of its own code that it came from."""
    told = next(
        (line.strip() for line in words_of(error).splitlines() if line.strip()), ""
    )  # MindSpore's go on for pages
    text = f"{title} cannot be built: {type(error).__name__}{': ' if told else ''}{told}"
    raise LazyCellError(message("", text, _line_of(function, error))) from error


def _is_theirs(module: str) -> bool:
    return module.startswith("lazycell.zoo.") or module.partition(".")[0] not in ("lazycell", "mindspore")


def _line_of(function: Any, error: BaseException) -> Location | None:
    """Give the innermost line of the package that has the function; else the innermost that is not MindSpore's."""
    package = str(getattr(function, "__module__", "")).partition(".")[0]
    places = [
        Location(frame.f_globals.get("__name__", "?"), frame.f_code.co_filename, line)
        for frame, line in traceback.walk_tb(error.__traceback__)
    ]
    theirs = [each for each in places if _is_theirs(each.module)]
    own = [each for each in theirs if each.module.partition(".")[0] == package]
    return next(reversed(own or theirs), None)
