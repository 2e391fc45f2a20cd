"""The command itself: its group, and how it fails: one line and an exit status, never a traceback."""

from __future__ import annotations

import copy
import functools
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import Any

import click

from .. import __version__
from .._errors import LazyCellError
from .._harmless import words_of
from .._location import did_you_mean
from ..show import complain, fitted, kept_for_answers, printable, printable_lines, say_json
from . import _answers
from ._help import HelpContext, how_written

_TROUBLE, _INTERRUPTED, _UNREAD = 2, 130, 141

_ERROR = "Error: "
"""What click writes before a message."""

_INSTALL = {
    "mindspore": 'pip install "mindspore==2.10.*"',
    "rich": "pip install rich",
    "tokenizers": 'pip install "lazycell[demo]"',
}
"""Packages that may be absent, and what installs each. Any other missing module is a mistake of ours: a traceback."""

_EPILOG = """\b
Examples:
  lazycell show bert-base-uncased            what a model is made of
  lazycell inspect model.safetensors         what a checkpoint holds
  lazycell check bert-base-uncased model/    does it fit, and if not, why?
  lazycell demo                              the whole way, on a real checkpoint

\b
Exit status: 0 done, or yes; 1 no: it differs, does not fit, is damaged;
2 trouble: wrong usage, or a failure, which stderr explains; 130 interrupted.
"""

_COMMANDS = (
    *(
        "show",
        "manifest",
        "diff",
        "check",
        "plan",
        "inspect",
        "infer",
        "draft",
        "convert",
        "init",
        "verify",
        "migrate",
        "models",
    ),
    *("completion", "demo"),
)
"""Each is a function of its name in a module of its name, which is imported when the command is run."""


class _Unread(Exception):
    """Whoever read the output has left."""


@contextmanager
def _unread() -> Iterator[None]:
    """Tell a closed pipe from other errors; click would end the process with 1, which is an answer."""
    try:
        yield
        sys.stdout.flush()  # what is left in the buffer may be all there is
    except BrokenPipeError:
        raise _Unread from None


def _with_stdout_kept(callback: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command whose stdout is for its answer alone; its help is printed before it is called."""

    @functools.wraps(callback)
    def kept(*args: Any, **kwargs: Any) -> Any:
        with kept_for_answers():
            return callback(*args, **kwargs)

    return kept


class _Commands(click.Group):
    context_class = HelpContext

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*_COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"._{cmd_name}", __package__), cmd_name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in _COMMANDS and not args[0].startswith("-"):
            ctx.fail(f"there is no command {args[0]!r}{did_you_mean(args[0], _COMMANDS)}")
        name, found, rest = super().resolve_command(ctx, args)
        if found is not None and found.callback is not None:
            callback, found = found.callback, copy.copy(found)
            found.context_class = HelpContext
            found.callback = _with_stdout_kept(callback)
        return name, found, rest

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        with _unread():  # here the help is printed
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        with _unread():
            return super().invoke(ctx)


@click.group(cls=_Commands, context_settings={"help_option_names": ["--help", "-h"]}, epilog=_EPILOG)
@click.version_option(__version__, message="lazycell %(version)s")
def command() -> None:
    """Models for MindSpore that are declared: no memory is touched before their checkpoint is."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        arguments: as on the command line, without the program's name; default: the process's own.

    Returns:
        The exit status: 0 done, or the answer is yes; 1 the answer is no; 2 trouble; 130 interrupted; 141 whoever
        read the output has left.
    """
    _open_closed_streams()
    for stream in (sys.stdout, sys.stderr):
        # Sentences come in every script, terminals do not: what one cannot show is written as an escape.
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    words = sys.argv[1:] if arguments is None else [*arguments]
    as_json = "--json" in (words[: words.index("--")] if "--" in words else words)
    try:
        status = command.main(words, prog_name="lazycell", standalone_mode=False)
    except click.ClickException as error:
        # What we say ourselves is one line, and so is an option that there is not, whatever was typed; of others click
        # may say several.
        shown = printable if type(error) in (click.UsageError, click.NoSuchOption) else printable_lines
        vars(error).update(message=f"{error.message}{how_written(error)}")
        if as_json:
            _tell(error, error.format_message())
        told = fitted(f"{_ERROR}{shown(str(error.message))}", sys.stderr)
        vars(error).update(message=told.removeprefix(_ERROR))
        error.show()
        return _TROUBLE
    except (click.Abort, KeyboardInterrupt):
        return _INTERRUPTED
    except LazyCellError as error:
        return _fail(error, f"{printable_lines(_answers.in_options(error))}{advice(error.__cause__)}", as_json)
    except ModuleNotFoundError as error:
        if error.name not in _INSTALL:
            return _mistake(error, as_json)
        return _fail(error, f"{printable(str(error))}{advice(error)}", as_json)
    except _Unread:
        # What is left in the buffer would fail once more, at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _UNREAD
    except OSError as error:
        reason = error.strerror or words_of(error)
        return _fail(error, printable(reason if error.filename is None else f"{error.filename}: {reason}"), as_json)
    except Exception as error:  # a mistake of ours; not 1, which is an answer
        return _mistake(error, as_json)
    return status if isinstance(status, int) else 0


def _open_closed_streams() -> None:
    """Give whoever has closed stdin, stdout or stderr (`>&-`) streams that go nowhere.

    Python has None for these, and the next file that is opened gets the number: what a library prints would go into it.
    """
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(descriptor)
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, as long as the process lives
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115


def advice(error: BaseException | None) -> str:
    """Say how to install what an import lacked."""
    name = error.name if isinstance(error, ModuleNotFoundError) else None
    return f"; install it with: {_INSTALL[name]}" if name in _INSTALL else ""


def _fail(error: Exception, message: str, as_json: bool) -> int:
    if as_json:
        _tell(error, message)
    complain(f"lazycell: {message}")
    return _TROUBLE


def _mistake(error: Exception, as_json: bool) -> int:
    if as_json:
        _tell(error, words_of(error))
    traceback.print_exception(error)
    return _TROUBLE


def _tell(error: Exception, message: str) -> None:
    """Answer with the trouble: whoever asked for JSON gets JSON."""
    with suppress(OSError):  # it may be stdout that fails
        say_json({"error": type(error).__name__, "message": message, "status": _TROUBLE})
