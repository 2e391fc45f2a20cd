"""A manifest as Markdown, for a repository's pages and for reviews: repeated layers in one row."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .._collapse import collapse
from .._printable import printable
from .._units import format_bytes
from ._canonical_values import encoded, plain
from ._layout_text import layout_lines
from ._text import alike

if TYPE_CHECKING:
    from ._manifest import Manifest

# What Markdown, its tables, or HTML would take for something else, even in a code span.
_SPECIAL = re.compile(r"[`|<>&\\]")
_MARKS = re.compile(r"[!-/:-@\[-`{-~]")


def manifest_markdown(manifest: Manifest) -> str:
    """Give a manifest as Markdown: heading, hyperparameters, totals, parameters, ties, stored layout and digest."""
    return "\n\n".join(_blocks(manifest)) + "\n"


def _blocks(manifest: Manifest) -> Iterator[str]:
    yield f"# {_escape(printable(manifest.model))}"
    if manifest.hyperparameters:
        rows = [(code(str(key)), code(_value(value))) for key, value in manifest.hyperparameters.items()]
        yield _table(("Hyperparameter", "Value"), rows)
    yield _totals(manifest)
    if manifest.entries:
        yield _parameters(manifest)
    if manifest.ties:
        yield "## Ties"
        yield _list(_tie_lines(manifest.ties))
    if manifest.stored:
        yield "## Stored otherwise than declared"
        yield _list(map(code, layout_lines(manifest.stored)))
    yield f"Digest {code(manifest.digest)}"


def _totals(manifest: Manifest) -> str:
    trainable = sum(entry.size for entry in manifest.entries if entry.trainable)
    known = f" ({trainable:,} trainable)" if manifest.declared else ""
    return (
        f"{_counted(len(manifest), 'parameter')}, {_counted(manifest.size, 'element')}{known}, "
        f"{_counted(manifest.nbytes, 'byte')} ({format_bytes(manifest.nbytes)})"
    )


def _parameters(manifest: Manifest) -> str:
    groups = alike(manifest)
    columns = ["Parameter", "Shape", "Dtype"]
    if manifest.declared:
        columns += ["Initializer", "Declared as"]
    rows: list[tuple[str, ...]] = []
    for title, (entry, *_) in groups:
        row = [code(title), code(str(entry.shape)), code(entry.dtype)]
        if manifest.declared:
            row += [code(entry.initializer), code(entry.expression or "")]
        rows.append(tuple(row))
    return _table(columns, rows)


def _tie_lines(ties: Mapping[str, str]) -> Iterator[str]:
    """Give one line for all ties to one parameter."""
    tied: dict[str, list[str]] = {}
    for target, source in ties.items():
        tied.setdefault(source, []).append(target)
    for source, targets in tied.items():
        names = ", ".join(code(pattern) for pattern, _ in collapse(targets))
        yield f"{names} {'is' if len(targets) == 1 else 'are'} tied to {code(source)}"


def _value(value: Any) -> str:
    known = plain(value)
    return known["repr"] if isinstance(known, dict) and known.keys() == {"repr"} else encoded(known)


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _list(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def code(text: str) -> str:
    """Give text as code in Markdown, in a table too: nothing in it is taken for a mark, a cell's end or a tag."""
    text = printable(text)
    if not text:
        return ""
    if _SPECIAL.search(text) or text != text.strip():
        return f"<code>{_escape(text)}</code>"
    return f"`{text}`"


def _escape(text: str) -> str:
    """Write every sign of ASCII that may mean something as the number of the character."""
    return _MARKS.sub(lambda found: f"&#{ord(found[0])};", text)
