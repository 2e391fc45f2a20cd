"""Arguments that several public functions take, checked in one way: paths, switches and progress callbacks."""

from __future__ import annotations

import os
from pathlib import Path


def file_path(value: object, argument: str) -> Path:
    """Give what a user wrote for a path.

    Args:
        value: text, or an object that stands for a path.
        argument: the argument's name, for the message.

    Raises:
        TypeError: it is neither.
        ValueError: it is empty, which `pathlib` would take for the current directory, or holds a null byte.
    """
    text = os.fspath(value) if isinstance(value, (str, os.PathLike)) else value
    if not isinstance(text, str):
        raise TypeError(f"{argument} has to be a path, as text or a pathlib.Path, not {value!r:.80}")
    if not text:
        raise ValueError(f'{argument} is empty: write "." if the current directory is meant')
    if "\0" in text:
        raise ValueError(f"{argument}={text!r}: the name of a file cannot hold a null byte: give another name")
    return Path(text)


def check_switch(value: object, argument: str) -> None:
    """Refuse what is neither True nor False: text would be true whatever it says.

    Args:
        value: what was given.
        argument: the argument's name, for the message.

    Raises:
        TypeError: it is not a `bool`.
    """
    if not isinstance(value, bool):
        raise TypeError(f"{argument} has to be True or False, not {value!r:.80}")


def check_progress(progress: object) -> None:
    """Refuse what cannot be called with the bytes done and the bytes in all.

    Raises:
        TypeError: it is neither None nor callable.
    """
    if progress is not None and not callable(progress):
        raise TypeError(f"progress has to be a function of the bytes done and the bytes in all, not {progress!r:.80}")
