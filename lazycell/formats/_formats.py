"""Which formats there are: those of lazycell, and those that third parties register or announce."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from .. import system
from .._errors import CheckpointError, CheckpointFormatError, RegistryError
from .._frozen import frozen
from .._harmless import Lines, repr_of, told
from . import _files, _readers, _sniff
from ._header import CheckpointHeader
from ._safetensors import read_safetensors

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "lazycell.formats"
"""The entry-point group: the name is the format's, the value a `Format`."""


def _to_tuple(suffixes: object) -> Any:
    if isinstance(suffixes, str):
        return (suffixes,)
    return tuple(suffixes) if isinstance(suffixes, Iterable) else suffixes  # which `_are_suffixes` refuses


def _is_name(instance: Format, attribute: attrs.Attribute[str], value: object) -> None:
    if not isinstance(value, str):
        raise TypeError(f"a format's name has to be a string, not {value!r:.200}")


def _are_suffixes(instance: Format, attribute: attrs.Attribute[tuple[str, ...]], value: object) -> None:
    if not isinstance(value, tuple):
        raise TypeError(f"format {instance.name!r}: suffixes have to be strings like '.ckpt', not {value!r:.200}")
    for suffix in value:
        if not isinstance(suffix, str) or not suffix.startswith(".") or len(suffix) < 2:
            raise ValueError(f"format {instance.name!r}: a suffix has to be a string like '.ckpt', not {suffix!r}")


def _is_function_of(what: str) -> Callable[[Format, attrs.Attribute[Any], object], None]:
    def check(instance: Format, attribute: attrs.Attribute[Any], value: object) -> None:
        if not callable(value):
            raise TypeError(
                f"format {instance.name!r}: {attribute.name} has to be a function of {what}, not {value!r:.200}"
            )

    return check


@frozen
class Format:
    """How checkpoints of one kind are known and read.

    Attributes:
        name: for messages, and `CheckpointHeader.format`.
        suffixes: how its files' names end, with the dot; one format a suffix.
        recognizes: whether a file whose name tells nothing, and which begins with these bytes (up to 32), is one.
        read: gives what a file holds, without reading its tensors; called from one thread. Raises
            `CheckpointFormatError`, naming file, tensor and cause, for a file that is not sound.
    """

    name: str = attrs.field(validator=_is_name)
    suffixes: tuple[str, ...] = attrs.field(converter=_to_tuple, validator=_are_suffixes)
    recognizes: Callable[[bytes], bool] = attrs.field(repr=False, validator=_is_function_of("the first bytes"))
    read: Callable[[Path], CheckpointHeader] = attrs.field(repr=False, validator=_is_function_of("the path"))

    def claims(self, name: str) -> bool:
        """Whether a file's name ends as those of this format do.

        Args:
            name: of a file, without its directory.

        Returns:
            Whether the name ends in one of `suffixes`.
        """
        return name.endswith(self.suffixes)


def _looks_like(name: str) -> Callable[[bytes], bool]:
    return lambda start: _sniff.looks_like(start) == name


# Who loads a file of one format does not wait for what reads the others.
SAFETENSORS = Format("safetensors", (".safetensors",), _looks_like("safetensors"), read_safetensors)
CKPT = Format("ckpt", (".ckpt",), _looks_like("ckpt"), lambda path: _readers.read_ckpt(path))
SHARDED = Format("sharded", (".json",), _looks_like("sharded"), lambda path: _readers.read_index(path))
PYTORCH = Format("pytorch", (".bin", ".pt", ".pth"), _looks_like("pytorch"), lambda path: _readers.read_pytorch(path))
GGUF = Format("gguf", (".gguf",), _looks_like("gguf"), lambda path: _readers.read_gguf(path))

_OWN = (SAFETENSORS, CKPT, SHARDED, PYTORCH, GGUF)
_registered: dict[str, Format] = {}


def register_format(format: Format) -> Format:
    """Make a format known to `load_checkpoint` and all else that opens checkpoints, in this process.

    A package announces its format to every process through the entry-point group `lazycell.formats` instead.
    Registering a format again, under the same name, replaces it.

    Args:
        format: how files of it are known and read.

    Returns:
        The format.

    Raises:
        RegistryError: another format has the name, or one of the suffixes.
        TypeError: `format` is not a `Format`.
    """
    if not isinstance(format, Format):
        raise TypeError(f"register_format takes a lazycell.Format, not {format!r}")
    for other in _OWN:
        if other.name == format.name:
            raise RegistryError(f"the format {format.name!r} is lazycell's own")
    for other in registered_formats():
        suffix = _shared_suffix(format, other)
        if suffix is not None and other.name != format.name:
            raise RegistryError(f"both the formats {other.name!r} and {format.name!r} have the suffix {suffix}")
    _registered[format.name] = format
    return format


def registered_formats() -> tuple[Format, ...]:
    """Give lazycell's formats and those registered in this process; what packages announce is not loaded."""
    return (*_OWN, *_registered.values())


def format_of(name: str, start: Callable[[], bytes]) -> Format | None:
    """Choose the format of a file: by its name, else by its first bytes; None if it is of no known format.

    Packages' formats are loaded only when the name is not that of a known format.

    Args:
        name: of the file.
        start: gives the file's first bytes.

    Raises:
        RegistryError: packages announce two formats with the suffix, or one that cannot be loaded, and no other
            format fits.
        CheckpointFormatError: a format fails when it is asked whether it recognizes the file.
    """
    for format in registered_formats():
        if format.claims(name):
            return format
    announced, problems = announced_formats()
    claimant = _only([each for each in announced if each[1].claims(name)], name)
    if claimant is not None:
        return claimant
    content = start()
    for format in (*registered_formats(), *(format for _, format in announced)):
        if _recognizes(format, content, name):
            return format
    if problems:
        raise problems[0]
    return None


def _recognizes(format: Format, content: bytes, name: str) -> bool:
    try:
        return bool(format.recognizes(content))
    except (CheckpointError, MemoryError):
        raise
    except (Exception, SystemExit) as error:  # whatever a third party's function does
        raise CheckpointFormatError(
            f"{name}: `recognizes` of the format {format.name!r}, which was asked because no format has the file's "
            f"suffix, failed: {told(error)}"
        ) from error


def announced_formats() -> tuple[list[tuple[str, Format]], list[RegistryError]]:
    """Load what packages announce: pairs of package and format, and what was wrong with the others."""
    formats: list[tuple[str, Format]] = []
    problems: list[RegistryError] = []
    for entry in system.entry_points(group=GROUP):
        try:
            formats.append((_package(entry), _load(entry)))
        except RegistryError as problem:
            problems.append(problem)
    return formats, problems


def read(format: Format, path: Path) -> CheckpointHeader:
    """Read a file in a format. What a third party's reader gives is checked, and its failures are named.

    Raises:
        CheckpointFormatError: the file is malformed, or the format's reader failed.
        FileNotFoundError: there is no such file.
    """
    if format in _OWN:
        return format.read(path)
    _files.open_regular(path).close()
    try:
        header: object = format.read(path)
    except (CheckpointError, OSError, MemoryError):
        raise
    except (Exception, SystemExit) as error:
        raise CheckpointFormatError(
            f"{path}: the reader of the format {format.name!r} failed: {told(error)}"
        ) from error
    return _readers.check_header(header, path, format.name)


def _only(claimants: Sequence[tuple[str, Format]], name: str) -> Format | None:
    if len(claimants) > 1:
        shown = " and ".join(f"{format.name!r} of the package {package!r}" for package, format in claimants)
        raise RegistryError(f"{name}: several formats have its suffix: {shown}; uninstall one of them")
    return claimants[0][1] if claimants else None


def _load(entry: EntryPoint) -> Format:
    where = f"the format {entry.name!r} of the package {_package(entry)!r} ({entry.value})"
    try:
        format = entry.load()
    except (Exception, SystemExit) as error:  # whatever the package's module does when it is imported
        raise RegistryError(Lines(f"{where} cannot be loaded: {told(error)}")) from error
    if not isinstance(format, Format):
        raise RegistryError(f"{where} is not a lazycell.Format, but {repr_of(format):.200}")
    for other in registered_formats():
        suffix = _shared_suffix(format, other)
        if suffix is not None:
            raise RegistryError(f"{where} has the suffix {suffix}, which is that of the format {other.name!r}")
    return format


def _shared_suffix(format: Format, other: Format) -> str | None:
    """Give a suffix of `format` that `other` has too: `.my.json` ends in `.json`."""
    for suffix in format.suffixes:
        if any(suffix.endswith(taken) or taken.endswith(suffix) for taken in other.suffixes):
            return suffix
    return None


def _package(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist is not None else entry.module
