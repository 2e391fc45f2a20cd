"""What the demo prints, for a person and for a program."""

from __future__ import annotations

from typing import Any

import attrs

from .. import LoadReport, Manifest
from .._frozen import frozen
from ..show import align, format_bytes, format_seconds, one_line, paragraph, table
from ._measure import WHAT, Measurement
from ._sentences import Pair

# What is promised; tests/test_memory.py fails beyond them.
_MOST_TO_BUILD = 10_000_000
_MOST_TO_LOAD = 1.15


@frozen
class Saved:
    """The measured ways, and the size of what was loaded."""

    ways: dict[str, Measurement]
    checkpoint_bytes: int

    @property
    def peak_ratio(self) -> float:
        """Peak memory of the lazy way, in checkpoints."""
        return self.ways["lazy"].peak_bytes / self.checkpoint_bytes


def declared_text(manifest: Manifest) -> str:
    """Show the manifest."""
    signature, _, rows = str(manifest).partition("\n")
    title = "1. Declared: every parameter is known, and no memory touched for any"
    return f"{paragraph(title)}\n\n{paragraph(signature, indent='  ')}\n{table(rows)}\n"


def loaded_text(report: LoadReport) -> str:
    """Show the report of the load."""
    title = "2. Loaded: everything was checked against the headers before a value was read"
    return f"{paragraph(title)}\n\n{table(str(report))}\n"


def pairs_text(pairs: list[Pair], texts: list[str], *, alone: bool) -> str:
    """Show pairs of sentences; with `alone`, pairs whose first is the user's only one."""
    if alone:
        title = f"3. Run: which of {len(texts) - 1} built-in sentences are nearest to yours, by the cosine"
        lines = [f"  yours   {one_line(texts[0], indent=10)}"]
        lines += [f"  {pair.cosine:6.4f}  {one_line(texts[pair.second], indent=10)}" for pair in pairs]
    else:
        title = f"3. Run: the nearest of {len(texts)} sentences, by the cosine between their vectors"
        lines = []
        for pair in pairs:
            lines.append(f"  {pair.cosine:6.4f}  {one_line(texts[pair.first], indent=10)}")
            lines.append(f"          {one_line(texts[pair.second], indent=10)}")
    return "\n".join([paragraph(title), "", *lines, ""])


def saved_text(saved: Saved) -> str:
    """Show the two ways side by side, how they were measured, and what is promised."""
    rows: list[tuple[str, ...]] = [("", "build", "load", "first read", "together", "peak memory")]
    for way, run in saved.ways.items():
        seconds = (run.build_seconds, run.load_seconds, run.read_seconds, run.seconds)
        rows.append((way, *map(format_seconds, seconds), format_bytes(run.peak_bytes)))
    lazy, eager = saved.ways["lazy"], saved.ways["eager"]
    quicker, smaller = eager.seconds / lazy.seconds, eager.peak_bytes / lazy.peak_bytes
    rows.append(("eager / lazy", "", "", "", f"{quicker:.1f}", f"{smaller:.1f}"))
    promises = (
        f"Building the lazy net added {format_bytes(lazy.build_bytes)} (at most {format_bytes(_MOST_TO_BUILD)} is "
        f"promised); its peak was {saved.peak_ratio:.2f} times the checkpoint's {format_bytes(saved.checkpoint_bytes)} "
        f"(at most {_MOST_TO_LOAD} is promised)."
    )
    figures = table("\n".join(align(rows)))
    return f"4. What laziness saved\n\n{figures}\n\n{paragraph(promises)}\n{paragraph(WHAT)}"


def manifest_data(manifest: Manifest) -> dict[str, Any]:
    """Give the manifest as JSON has it."""
    return {
        "model": manifest.model,
        "hyperparameters": dict(manifest.hyperparameters),
        "parameters": [{**attrs.asdict(entry), "nbytes": entry.nbytes} for entry in manifest],
        "ties": dict(manifest.ties),
        "computed": sorted(manifest.computed),
        "size": manifest.size,
        "nbytes": manifest.nbytes,
        "digest": manifest.digest,
    }


def saved_data(saved: Saved) -> dict[str, Any]:
    """Give both ways as JSON has them: seconds and bytes."""
    return {
        "what": WHAT,
        **{way: attrs.asdict(run) for way, run in saved.ways.items()},
        "checkpoint_bytes": saved.checkpoint_bytes,
        "peak_per_checkpoint_byte": saved.peak_ratio,
    }
