"""`lazycell verify`: are the bytes of a checkpoint those that were saved?"""

from __future__ import annotations

from typing import Any

import click

from .. import saving, show
from .._errors import ChecksumError, LazyCellError
from .._harmless import words_of
from ._on_disk import check_revision, on_disk, revision_option

_DAMAGED, _TROUBLE = 1, 2

_EPILOG = """\b
Examples:
  lazycell verify model.safetensors
  lazycell verify checkpoints/*.ckpt
  lazycell verify model/ --json

\b
Exit status: 0 undamaged; 1 one is damaged; 2 trouble, as one without checksums.
"""


@click.command(epilog=_EPILOG, short_help="Check checkpoints against the checksums in them.")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", type=click.Path())
@revision_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
def verify(paths: tuple[str, ...], revision: str | None, as_json: bool) -> int:
    """Compare every tensor of checkpoints with the checksum that was stored with it.

    A PATH is a .safetensors or .ckpt file, an index with its shards, a directory, or a repository in the
    hub's cache, ORG/NAME. Checksums are in what lazycell
    saves and converts, and in what MindSpore saves with crc_check=True; a checkpoint without any fails.
    """
    check_revision(revision, *paths)
    results = []
    for path in paths:
        result = _result(path, revision)
        results.append(result)
        if not as_json:
            _say(result)
    if as_json:
        show.say_json(results)
    return max(result["status"] for result in results)


def _result(word: str, revision: str | None) -> dict[str, Any]:
    """Verify one checkpoint; a failure is a result too, so that the others are verified as well."""
    failed: dict[str, Any] = {"path": word, "verified": False, "status": _TROUBLE, "damaged": []}
    try:
        path = on_disk(word, revision)
        report = saving.verify(path)
    except ChecksumError as error:
        return failed | {"status": _DAMAGED, "damaged": list(error.tensors), "message": words_of(error)}
    except LazyCellError as error:
        return failed | {"message": words_of(error)}
    except OSError as error:
        return failed | {"message": _told(error)}
    return {
        "path": str(path),
        "verified": True,
        "status": 0,
        "tensors": report.tensors,
        "nbytes": report.nbytes,
        "seconds": report.seconds,
        # Of a directory it says which file in there was meant.
        "message": report.summary if report.path == path else str(report),
    }


def _told(error: OSError) -> str:
    """Give path and cause as other failures have them; what lazycell raised itself has neither."""
    words = error.strerror or words_of(error)
    return words if error.filename is None else f"{error.filename}: {words}"


def _say(result: dict[str, Any]) -> None:
    if result["verified"]:
        show.say_lines([f"{result['path']}: {result['message']}"])
    else:
        show.complain(f"lazycell: {show.printable_lines(result['message'])}")
