"""What a repository and its revisions are called."""

from __future__ import annotations

import re
import shlex

from .. import formats

# The rules of `huggingface_hub.utils.validate_repo_id`.
_PART = r"[A-Za-z0-9_](?:[\w.-]{0,94}[A-Za-z0-9_])?"
_REPOSITORY = re.compile(rf"(?:{_PART}/)?{_PART}", re.ASCII)
_ADDRESS = re.compile(rf"(?:https?://(?:huggingface\.co|hf\.co)|hf:/)/({_PART}/{_PART})(?:/.*)?", re.ASCII)
_GGUF = re.compile(
    rf"(?:(?:https?://(?:huggingface\.co|hf\.co)|hf:/)/)?({_PART}/{_PART})/(?:(?:blob|resolve)/[^/]+/)?([^?#]+\.gguf)",
    re.ASCII,
)
_NEVER = ("--", "..")

_OTHER_FILES = (".git", ".py")
"""Ends of names that are of a file, as those of checkpoints are."""

_LONGEST = 250


def is_repository(text: str) -> bool:
    """Whether a text can be the id of a repository: `ORG/NAME`, or `NAME` alone, as the oldest ones have it.

    What ends as the name of a checkpoint's file is one.
    """
    if _REPOSITORY.fullmatch(text) is None or any(each in text for each in _NEVER) or text.endswith(_OTHER_FILES):
        return False
    return not any(format.claims(text) for format in formats.registered_formats())


def repository_at(address: str) -> str | None:
    """Give the id of the repository whose page, or file, has an address; None: it is no such address."""
    found = _ADDRESS.fullmatch(address)
    return None if found is None else found[1]


def gguf_file_at(text: str) -> tuple[str, str] | None:
    """Give the repository and the file that `ORG/NAME/FILE.gguf`, or a file's address, would be; None: it is neither.

    Those repositories have a model quantized in several ways, of which one is wanted.
    """
    found = _GGUF.fullmatch(text)
    return None if found is None or any(each in found[1] for each in _NEVER) else (found[1], found[2])


def check_revision(revision: object) -> None:
    """Refuse what cannot be a branch, a tag or a commit.

    Raises:
        TypeError: it is no text, nor None.
        ValueError: git has no such names.
    """
    if revision is None:
        return
    if not isinstance(revision, str):
        raise TypeError(f"revision has to be a branch, a tag or a commit, as text, not {revision!r:.80}")
    parts = revision.split("/")
    if len(revision) > _LONGEST or not revision.isprintable() or any(each in ("", ".", "..") for each in parts):
        raise ValueError(f"revision={revision!r:.80} is no branch, tag or commit: git has no such names")


def command_for(repository: str, revision: str | None) -> str:
    """Write the command that downloads a repository into the cache."""
    return f"hf download {repository}" + (f" --revision {shlex.quote(revision)}" if revision is not None else "")
