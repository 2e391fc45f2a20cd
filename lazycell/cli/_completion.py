"""`lazycell completion`: what a shell needs to complete commands, models and files."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from .. import gate
from ..show import put, say_json
from ._main import command
from ._proposal import proposal

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_SHELLS = ("bash", "zsh", "fish")

_VARIABLE = "_LAZYCELL_COMPLETE"
"""By which a shell's script asks the command for completions; click's protocol."""

_EPILOG = """\b
Examples:
  lazycell completion bash > ~/.local/share/bash-completion/completions/lazycell
  lazycell completion zsh > ~/.zfunc/_lazycell
  lazycell completion fish > ~/.config/fish/completions/lazycell.fish
  eval "$(lazycell completion bash)"                     for this shell alone

\b
zsh: in ~/.zshrc, before compinit: fpath=(~/.zfunc $fpath)
Then start a new shell. bash has to be 4.4 or later.

\b
Exit status: 0 done; 2 trouble.
"""


@click.command(epilog=_EPILOG, short_help="Print what makes a shell complete commands, models and files.")
@click.argument("shell", type=click.Choice(_SHELLS), required=False, metavar=f"[{'|'.join(_SHELLS)}]")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object: the shell and its script.")
def completion(shell: str | None, as_json: bool) -> None:
    """Print the script that makes a shell complete commands, options, models and files.

    SHELL is bash, zsh or fish; default: that of the variable SHELL. Names of presets are completed from the manifests
    that lie beside the models, so that no model is imported at every press of the key.
    """
    from click.shell_completion import get_completion_class  # few complete

    shell = shell or _shell()
    complete = get_completion_class(shell)
    assert complete is not None

    text = complete(command, {}, "lazycell", _VARIABLE).source()
    if as_json:
        say_json({"shell": shell, "script": text})
    else:
        put(f"{text}\n")


def _shell() -> str:
    """Name the user's shell."""
    name = os.path.basename(os.environ.get("SHELL", ""))
    if name not in _SHELLS:
        raise click.UsageError(
            f"which shell? Write one of {', '.join(f'lazycell completion {each}' for each in _SHELLS)}"
        )
    return name


# ------------------------------------------------------------------------------------------------------ what is typed


def complete_models(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Complete MODEL: names of presets that have a committed manifest, and files. Nothing is imported."""
    # Files first: click's script for bash forgets, where it comes to files, all that was proposed before.
    return [*_files(incomplete), *_named(incomplete)]


def complete_sides(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Complete a model, a manifest file or a checkpoint."""
    return complete_models(ctx, param, incomplete)


def complete_files(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Complete CHECKPOINT: files and directories, which the shell itself lists."""
    return _files(incomplete)


def complete_presets(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Complete the name of a preset."""
    return _named(incomplete)


def _named(incomplete: str) -> list[CompletionItem[str]]:
    known = dict.fromkeys(name for name, _ in gate.committed_manifests())
    return [proposal(name) for name in known if name.startswith(incomplete)]


def _files(incomplete: str) -> list[CompletionItem[str]]:
    return [proposal(incomplete, "file")]
