"""The command `lazycell`: one file a command. Nothing heavy is imported before a command needs it."""

from ._main import main

__all__ = ["main"]
