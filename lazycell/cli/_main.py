"""The command itself: its group, and how it fails: one line and an exit status, never a traceback."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from .. import __version__
from .._errors import LazyCellError
from ._demo import demo
from ._models import models
from ._verify import verify

_FAILED, _INTERRUPTED = 1, 130

_INSTALL = {
    "mindspore": 'pip install "mindspore==2.10.*"',
    "rich": "pip install rich",
    "tokenizers": 'pip install "lazycell[demo]"',
}
"""Packages that may be absent, and what installs each. Any other missing module is a mistake of ours: a traceback."""

_EPILOG = """\b
Examples:
  lazycell demo                              the whole way, on a real checkpoint
  lazycell demo "A cat." "A kitten."         the same with your own sentences
  lazycell models                            what can be built by name
  lazycell verify model.safetensors          is a checkpoint damaged?

\b
Exit status: 0 done, 1 failed (one line on stderr says why), 2 wrong usage,
130 interrupted.
"""


@click.group(context_settings={"help_option_names": ["-h", "--help"]}, epilog=_EPILOG)
@click.version_option(__version__, message="lazycell %(version)s")
def command() -> None:
    """Models for MindSpore that are declared: no memory is touched before their checkpoint is."""


command.add_command(demo)
command.add_command(models)
command.add_command(verify)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        arguments: as on the command line, without the program's name; default: the process's own.

    Returns:
        The exit status: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
    """
    for stream in (sys.stdout, sys.stderr):
        # Sentences come in every script, terminals do not: what one cannot show is written as an escape.
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        status = command.main(arguments, prog_name="lazycell", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return _INTERRUPTED
    except LazyCellError as error:
        return _fail(f"{error}{_advice(error.__cause__)}")
    except ModuleNotFoundError as error:
        if error.name not in _INSTALL:
            raise
        return _fail(f"{error}{_advice(error)}")
    return status if isinstance(status, int) else 0


def _advice(error: BaseException | None) -> str:
    """Say how to install what an import lacked."""
    name = error.name if isinstance(error, ModuleNotFoundError) else None
    return f"; install it with: {_INSTALL[name]}" if name in _INSTALL else ""


def _fail(message: str) -> int:
    print(f"lazycell: {message}", file=sys.stderr)
    return _FAILED
