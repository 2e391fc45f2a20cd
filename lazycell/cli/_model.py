"""MODEL on the command line: a preset, a class, a function, a directory or a manifest file, with hyperparameters."""

from __future__ import annotations

import functools
import inspect
import json
import os
import warnings
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import attrs
import click

from .. import declaration, formats, inference, loading, pretrained, system
from .._errors import ConfigWarning, HubError, LazyCellError, ManifestError
from .._frozen import frozen
from .._location import did_you_mean
from ..manifest import Manifest
from ..show import working
from ._complete_values import complete_dtypes, complete_settings
from ._factory import Factory, check_complete, factory_of
from ._imported import imported
from ._interrupt import interrupts_held
from ._on_disk import on_disk
from ._python_files import file_of_module, how_classes_are_written
from ._setting_types import check_types

if TYPE_CHECKING:
    from ..formats import CheckpointHeader
    from ..mismatch import Mismatch
    from ..pretrained import Config

_F = TypeVar("_F", bound=Callable[..., Any])

_HEAD = 4096
"""Bytes at the start of a file in which a manifest says that it is one."""


@frozen
class Options:
    """What `--set`, `--config`, `--ignore-config` and `--dtype` say; and `--revision`, which few commands have."""

    settings: Mapping[str, Any] = attrs.field(factory=dict)
    config: Path | None = None
    dtype: str | None = None
    ignore_config: tuple[str, ...] = ()
    revision: str | None = None

    @property
    def given(self) -> str | None:
        """The first option that was used, as it is spelt; None if none was."""
        used = {
            "--set": self.settings,
            "--config": self.config,
            "--ignore-config": self.ignore_config,
            "--dtype": self.dtype,
        }
        return next((name for name, value in used.items() if value), None)


@frozen(slots=False)
class Model:
    """What MODEL stands for.

    Attributes:
        title: as it was written.
        cls: the class; None for a manifest file, and where a net is built by `factory`.
        arguments: for the class, `dtype` among them.
        preset: name of the preset that it is; None where none was named or hyperparameters were changed.
        config: the config that gave arguments, if one did.
        settings: the arguments that the user gave, over those of the config.
        ignored_config: keys of the config that the user had passed over.
        factory: what gives a net that is not, or not only, of a LazyCell's class.
    """

    title: str
    cls: type | None
    arguments: Mapping[str, Any] = attrs.field(factory=dict)
    preset: str | None = None
    config: Config | None = attrs.field(default=None, repr=False)
    settings: Mapping[str, Any] = attrs.field(factory=dict, repr=False)
    ignored_config: tuple[str, ...] = attrs.field(default=(), repr=False)
    factory: Factory | None = None
    _text: bytes | None = attrs.field(default=None, repr=False)

    @functools.cached_property
    def manifest(self) -> Any:
        """The manifest; nothing is built, unless by a function or a class of plain cells: without values.

        Raises:
            click.UsageError: a hyperparameter is missing.
            LazyCellError: the class or the file refuses.
        """
        if self._text is not None:
            return manifest_in(self._text, self.title)
        if self.factory is not None:
            return self.factory.manifest
        return self.call(self.class_.manifest)

    @property
    def classes(self) -> Mapping[str, str]:
        """Names of the classes of its cells, by path; nothing where no net is built."""
        return {} if self.factory is None else self.factory.classes

    @property
    def class_(self) -> Any:
        """The class, for commands that need one.

        Raises:
            click.UsageError: MODEL is a manifest file, a function, or a class of plain cells.
        """
        if self.factory is not None:
            raise click.UsageError(
                f"{self.title} gives a net, and declares nothing: this needs the class of a LazyCell"
            )
        if self.cls is None:
            raise click.UsageError(f"{self.title} is a manifest: this needs the class, as a name or module:Class")
        return self.cls

    @functools.cached_property
    def knows_names(self) -> Factory | None:
        """What tells, by a net, which names a file has for its parameters; None where the manifest says it all.

        Plain cells know PyTorch's names by their classes, so that a class that declares some is built to tell.

        Raises:
            click.UsageError: a hyperparameter is missing.
            LazyCellError: the class refuses.
        """
        if self.cls is None or all(entry.declared_by is not None for entry in self.manifest):
            return self.factory
        return Factory(self.title, self.build())

    def build(self) -> Any:
        """Build the net; its parameters are declared."""
        if self.factory is not None:
            return self.factory.net
        with working("building the model"), interrupts_held():
            return self.call(self.class_)

    def beside(self, header: CheckpointHeader, rename: Mapping[str, Any]) -> Model:
        """Give the model as `from_pretrained` builds it for a checkpoint, which has the last word on some arguments."""
        if self.cls is None or self.config is None:
            return self

        found = pretrained.completed_by_file(
            self.cls, self.arguments, lambda: pretrained.StoredTensors(header, rename), self.config
        )
        return attrs.evolve(self, arguments={**found, **self.settings})

    def fitted(self, header: CheckpointHeader, options: loading.LoadOptions) -> loading.LoadPlan | Mismatch:
        """Fit a checkpoint to the model: what a load would do, or why there is none.

        Raises:
            ValueError: an option has a value that means nothing.
            LazyCellError: the class or the file refuses.
        """
        if self.knows_names is not None:
            return self.knows_names.fitted(header, options)
        return loading.fit(self.manifest, header, options, again=None if self.cls is None else self)

    def __call__(self, changed: Mapping[str, Any], /) -> Any:
        """Give the manifest with some arguments changed: this and the next are what tells why a checkpoint misfits."""
        return self.class_.manifest(**{**self.arguments, **changed})

    def declared(self, of: Manifest, /) -> Any:
        """Tell what the sizes in a manifest of the model are made of."""
        return inference.declared_sizes(self.class_, of)

    def call(self, function: Callable[..., Any]) -> Any:
        """Call something that takes the hyperparameters; what they lack is wrong usage."""
        check_complete(self.title, _arguments_of(self.class_), self.arguments)
        return function(**self.arguments)


def model_options(command: _F) -> _F:
    """Add `--set`, `--config`, `--ignore-config` and `--dtype` to a command, which gets one argument, `options`."""

    @functools.wraps(command)
    def wrapped(
        *args: Any,
        settings: tuple[str, ...],
        config: Path | None,
        dtype: str | None,
        ignore_config: tuple[str, ...],
        **kwargs: Any,
    ) -> Any:
        options = Options(settings_of(settings), config, dtype, ignore_config)
        return command(*args, options=options, **kwargs)

    path = click.Path(exists=True, dir_okay=False, path_type=Path)
    for option in (
        click.option(
            "--dtype",
            metavar="DTYPE",
            shell_complete=complete_dtypes,
            help="Dtype of the parameters that name none, as float16.",
        ),
        click.option(
            "--ignore-config",
            multiple=True,
            metavar="KEY",
            help="Pass over a key of the config; repeat it for several.",
        ),
        click.option("--config", type=path, metavar="FILE", help="Take hyperparameters from a config.json or .gguf."),
        click.option(
            "--set",
            "settings",
            multiple=True,
            metavar="NAME=VALUE",
            shell_complete=complete_settings,
            help="Set a hyperparameter; JSON, or text.",
        ),
    ):
        wrapped = option(wrapped)
    return wrapped  # type: ignore[return-value]


def find(title: str, options: Options | None = None) -> Model:
    """Find what MODEL stands for.

    A directory without a config.json does not stand in the way of a model of that name.

    Args:
        title: a name that is registered (a preset, a family, a class), `module:Class`, a directory or a repository in
            the hub's cache, `ORG/NAME`, whose config.json says which model it is, a GGUF file, or a manifest file.
        options: hyperparameters that take precedence.

    Raises:
        click.UsageError: there is no such model, or the options do not go with it.
        LazyCellError: the registry, a config or a file refuses.
    """
    options = options or Options()
    path = Path(title)
    if path.is_file() and (is_manifest(path) or not formats.is_gguf(path)):
        return _file(title, path, options)
    with interrupts_held(), working("importing the model"):
        if path.is_file() or (path.is_dir() and (os.sep in title or title in ("", ".", "..") or _says_model(path))):
            return _directory(title, path, options)
        if ":" in title:
            return _of_name(title, options)
        if names_repository(title):
            return _directory(title, _repository(title, options.revision), options)
        if os.sep in title or path.suffix in (".json", ".safetensors", ".ckpt", ".bin", ".pt", ".pth", ".gguf"):
            raise click.UsageError(f"there is no file {title}")
        return _registered(title, options)


def _says_model(directory: Path) -> bool:
    return (directory / "config.json").is_file() or pretrained.gguf_file_at(directory) is not None


def _of_name(title: str, options: Options) -> Model:
    """Find what `module:name` stands for."""
    found = imported(title)
    if isinstance(found, type) and declaration.declaration_of(found) is not None:
        return _of_class(title, found, options)
    given = (options.settings, options.config, options.ignore_config, options.dtype)
    return Model(title, None, factory=factory_of(title, found, *given), ignored_config=options.ignore_config)


def _repository(title: str, revision: str | None) -> Path:
    """Give the directory in the cache of a repository; what is not there may be the source of a preset, misspelt."""
    try:
        return on_disk(title, revision, weights=False)
    except HubError as error:
        if "did you mean" in str(error):
            raise
        models, _ = pretrained.available_models()
        sources = {preset.source: preset.name for model in models for preset in model.presets if preset.source}
        preset = f"; without it, `{sources[title]}` is that model" if title in sources else did_you_mean(title, sources)
        raise HubError(f"{error}{preset}") from None


def names_repository(title: str) -> bool:
    """Whether a word can be a repository of the hub, by its whole id: one part alone is the name of a model."""
    return "/" in title and pretrained.repository_named(title) is not None


def is_manifest(path: Path) -> bool:
    """Whether a file says that it is a manifest."""
    if not path.is_file():  # opening a FIFO waits for whoever writes to it
        return False
    with path.open("rb") as file:
        return b'"lazycell.manifest"' in file.read(_HEAD)


def manifest_in(content: bytes, title: str) -> Manifest:
    """Read a manifest.

    Args:
        content: of the file.
        title: what the file is called in messages.

    Raises:
        ManifestError: it is none; the message names the file.
    """
    try:
        return Manifest.from_json(content)
    except ManifestError as error:
        raise ManifestError(f"{title}: {error}") from None


def _file(title: str, path: Path, options: Options) -> Model:
    if path.suffix == ".py":
        raise click.UsageError(f"{title} is a file of Python: {how_classes_are_written(path)}")
    if not is_manifest(path):
        raise click.UsageError(
            f"{title} is no manifest: MODEL is a registered name, module:Class, a directory with a config.json, a GGUF "
            "file, or one that `lazycell manifest MODEL --json` wrote"
        )
    if options.given is not None:
        raise click.UsageError(f"{options.given} does not go with {title}: a manifest has its hyperparameters in it")
    try:
        return Model(title, None, text=system.read_bounded(path))
    except system.JSONProblem as problem:
        raise click.UsageError(f"{title} {problem}") from None


def _directory(title: str, path: Path, options: Options) -> Model:
    config = pretrained.find_config(path)
    if not config.found:
        lacking = config.lacking or f"there is no config.json in {title} to say which model it is"
        raise click.UsageError(f"{title}: {lacking}" if config.lacking else lacking)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ConfigWarning)
        cls = pretrained.class_of(config)
    for each in caught:
        click.echo(f"lazycell: {each.message}", err=True)
    return _of_class(title, cls, options, found=config)


def _registered(title: str, options: Options) -> Model:
    models, failures = pretrained.available_models()
    for model in models:
        for preset in model.presets:
            if preset.name == title:
                found = _of_class(title, model.cls, options, preset.arguments)
                return attrs.evolve(found, preset=None if options.given else title)
    for name in ("model_type", "architecture"):
        for model in models:
            if getattr(model, name) == title:
                return _of_class(title, model.cls, options)
    for (family, name), cls in pretrained.other_names().items():
        if title in (family, name):
            return _of_class(title, cls, options)
    for failure in failures:
        raise LazyCellError(f"no model is registered as {title!r}; but {failure}") from failure.__cause__

    names = [name for model in models for name in (model.model_type, model.architecture)]
    names += [preset.name for model in models for preset in model.presets]
    hint = did_you_mean(title, names) or ": `lazycell models` lists what is; a class of yours is written module:Class"
    file = file_of_module(title)
    if file is not None:
        hint = f"; {file} is here: {how_classes_are_written(file)}"
    elif Path(title).is_dir():
        hint = f", and there is no config.json in the directory {title} to say which model it is"
    raise click.UsageError(f"no model is registered as {title!r}{hint}")


def _of_class(
    title: str, cls: type, options: Options, preset: Mapping[str, Any] | None = None, found: Config | None = None
) -> Model:
    """Join hyperparameters: those of a preset, over them those of a config, over them those that were set.

    The config is the one that `--config` names, else the one that was found.
    """
    declared = declaration.declaration_of(cls)
    assert declared is not None
    takes = _arguments_of(cls)
    open_ended = any(each.kind is each.VAR_KEYWORD for each in takes.values())
    arguments = dict(preset or {})
    config = found if options.config is None else pretrained.config_in(options.config)
    ignored: tuple[str, ...] = ()
    if config is None and options.ignore_config:
        raise click.UsageError(
            f"--ignore-config {options.ignore_config[0]}: there is no config; name one with --config"
        )
    if config is not None:
        config = pretrained.text_part(cls, config)
        ignored = pretrained.ignored_keys(options.ignore_config, config.options)
        arguments |= pretrained.hyperparameters_from_config(cls, config.options, ignored)
        if config.dtype is not None and declared.takes_dtype and "dtype" in takes:
            arguments["dtype"] = config.dtype
    for name in options.settings:
        if name not in takes and not open_ended:
            _no_hyperparameter(cls, name, [each for each in takes if each != "dtype" or not declared.takes_dtype])
    check_types(takes, options.settings, frozenset(each.name for each in declared.hyperparameters if each.converter))
    arguments |= options.settings
    if options.dtype is not None:
        if "dtype" not in takes and not open_ended:
            raise click.UsageError(f"--dtype {options.dtype}: {cls.__name__} takes no dtype: it has its own")
        arguments["dtype"] = options.dtype
    return Model(title, cls, arguments, config=config, settings=options.settings, ignored_config=ignored)


def _arguments_of(cls: Any) -> dict[str, inspect.Parameter]:
    """Give what the constructor of a declared class takes, by name, be it generated or the class's own."""
    declared = declaration.declaration_of(cls)
    assert declared is not None
    constructor = cls.__init__ if declared.own_init else cls.__lazy_init__
    _, *arguments = inspect.signature(constructor).parameters.values()
    return {each.name: each for each in arguments}


def _no_hyperparameter(cls: type, name: str, names: list[str]) -> NoReturn:
    has = ", ".join(names) or "none"
    hint = did_you_mean(name, names) or f"; it has {has}"
    raise click.UsageError(f"--set {name}: {cls.__name__} has no such hyperparameter{hint}")


def settings_of(texts: Iterable[str]) -> dict[str, Any]:
    """Take each `hidden=64` apart: the value is JSON where it can be (`64`, `true`, `null`, `[1, 2]`), else text.

    Raises:
        click.UsageError: one is no such pair.
    """
    return dict(map(_setting, texts))


def _setting(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals or not name.isidentifier():
        raise click.UsageError(f"--set {text}: write NAME=VALUE, as in --set hidden=64")
    try:
        return name, json.loads(value)
    except (ValueError, RecursionError):
        return name, value
