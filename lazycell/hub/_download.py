"""Download what a load reads of a repository, through the client: its cache, its progress, its token."""

from __future__ import annotations

import glob
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from huggingface_hub import HfApi, constants, snapshot_download
from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError, RevisionNotFoundError

from .. import system
from .._errors import CheckpointFormatError, HubError
from .._harmless import words_of
from ..formats import choose, files_of, indices_among, snapshot_of, what_it_is
from ..show import few
from ._cache import root_of
from ._repository import command_for

_CONFIGS = ("config.json", "generation_config.json")
_SHOWN = 5


class UnansweredError(HubError):
    """The hub was not reached, or gave another answer than the list of a repository's files."""


def download(repository: str, revision: str | None) -> Path:
    """Give the directory in the cache that holds what a load reads of a repository, as the hub has it now.

    That is `config.json`, `generation_config.json`, and the files that a load would choose if all were there:
    safetensors, or PyTorch's where there are none, or the only one of GGUF. What is in the cache already is not
    downloaded again.

    Args:
        repository: its id.
        revision: a branch, a tag or a commit; None: the branch `main`.

    Raises:
        UnansweredError: the hub cannot be reached, or does not let this user see the repository.
        HubError: there is no such revision, no weights are in it, or a download broke off.
        OSError: the disk is full, or not to be written.
    """
    with _told(repository, revision, asking=True):
        info = HfApi(library_name="lazycell").model_info(
            repository, revision=revision, timeout=constants.HF_HUB_ETAG_TIMEOUT
        )
    commit = str(info.sha)
    files = [sibling.rfilename for sibling in info.siblings or ()]
    here = _Snapshot(repository, revision, commit)
    here.fetch(name for name in (*_CONFIGS, *indices_among(files)) if name in files)
    chosen = _choose(here, files)
    here.fetch(name for name in chosen if name.endswith(".json"))  # PyTorch's index, which names its shards
    wanted = files_of(here.path, chosen)
    here.fetch(wanted)
    lacking = [name for name in wanted if not (here.path / name).is_file()]
    if lacking:
        raise HubError(
            f"{repository} on the hub, commit {commit}, lacks {few(lacking, _SHOWN)}, which its index names: give "
            "another revision, or tell its authors"
        )
    here.name()
    return here.path


class _Snapshot:
    """The files of one commit, in the cache."""

    def __init__(self, repository: str, revision: str | None, commit: str) -> None:
        self.repository = repository
        self.revision = revision
        self.commit = commit
        self.root = root_of(repository)
        self.path = self.root / "snapshots" / commit

    def fetch(self, names: Iterable[str]) -> None:
        """Have files of the commit here."""
        lacking = [name for name in names if not (self.path / name).is_file()]
        if not lacking:
            return
        with _told(self.repository, self.revision, asking=False):
            snapshot_download(
                self.repository,
                revision=self.commit,
                cache_dir=self.root.parent,
                allow_patterns=[glob.escape(name) for name in lacking],
                library_name="lazycell",
            )

    def name(self) -> None:
        """Have the cache know that the revision is this commit: until now it meant what it meant before."""
        revision = self.revision or "main"
        if snapshot_of(self.root, revision) != self.path:
            reference = self.root / "refs" / revision
            with suppress(OSError):  # the cache may be for reading alone
                reference.parent.mkdir(parents=True, exist_ok=True)
                system.write_whole(reference, self.commit)


def _choose(here: _Snapshot, files: list[str]) -> list[str]:
    """Choose among the files of a repository as a load does among those of a directory."""
    title = f"{here.repository} on the hub"
    at_its_root = [name for name in files if "/" not in name]
    command = command_for(here.repository, here.revision)
    try:
        chosen = choose(here.path, at_its_root)
    except CheckpointFormatError as error:
        if not error.choices:
            raise HubError(f"{title}: {str(error).removeprefix(f'{here.path}: ')}") from None
        # GGUF needs no config.json, and few repositories of it have one.
        wanted = "FILE" if all(name.endswith(".gguf") for name in error.choices) else "FILE config.json"
        raise HubError(
            f"{title}: holds {few(error.choices, _SHOWN)}: which of them to load is for you to say; "
            f"`{command} {wanted}` gets one, and prints where it is: give that path"
        ) from None
    if chosen:
        return [*chosen]
    entries = list(dict.fromkeys(name.partition("/")[0] for name in files if name != "config.json"))
    what = what_it_is(Path(here.repository), entries)
    what = what or f"holds no weights that lazycell reads, only {few(sorted(files), _SHOWN)}: give another repository"
    raise HubError(f"{title}: {what}")


@contextmanager
def _told(repository: str, revision: str | None, *, asking: bool) -> Iterator[None]:
    """Say in lazycell's words what the client raises, whichever of its libraries raised it."""
    place = f"{constants.ENDPOINT}/{repository}"
    kind = UnansweredError if asking else HubError
    try:
        yield
    except RevisionNotFoundError as error:
        text = f"{repository} has no revision {revision!r}: give a branch, a tag or a commit of {place}"
        raise HubError(text) from error
    except GatedRepoError as error:
        text = f"{repository} is gated: ask for access at {place}, and log in with `hf auth login`, or set HF_TOKEN"
        raise kind(text) from error
    except RepositoryNotFoundError as error:
        text = (
            f"{constants.ENDPOINT} has no repository {repository}, or none that it shows to you: check the name; for a "
            "private one log in with `hf auth login`, or set HF_TOKEN"
        )
        raise kind(text) from error
    except Exception as error:
        if (
            isinstance(error, OSError)
            and error.errno is not None
            and not isinstance(error, (ConnectionError, TimeoutError))
        ):
            raise  # of this machine: its disk, its permissions
        if asking:
            raise kind(f"{place}: {_first_line(error)}") from error
        kept = "files that came whole are kept, and the same call gets the others"
        raise kind(f"the download of {place} broke off: {_first_line(error)}; {kept}") from error


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in words_of(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
