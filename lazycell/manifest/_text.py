"""A manifest for people: plain text for a terminal, Markdown for pages and reviews, a table in a notebook.

Repeated layers are one row in each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from .. import show
from ..layout import ManifestEntry, layout_lines, trainable_size
from .file._canonical_values import encoded, plain

if TYPE_CHECKING:
    from ..layout import ManifestEntry
    from ._inventory import Inventory


def manifest_text(manifest: Inventory) -> str:
    """Lay out a manifest as aligned plain text."""
    return "\n".join(map(show.printable, _lines(manifest)))


def signature(manifest: Inventory) -> str:
    """Give the model as it was called: `Linear(in_features=768, out_features=10)`; a checkpoint by its name alone."""
    values = ", ".join(f"{key}={value!r}" for key, value in manifest.hyperparameters.items())
    return f"{manifest.model}({values})" if manifest.declared else manifest.model


def alike(manifest: Inventory) -> list[tuple[str, list[ManifestEntry]]]:
    """Group parameters that differ in nothing but their layer indices, under a name that stands for all of them."""
    groups: list[tuple[str, list[ManifestEntry]]] = []
    for pattern, members in show.collapse(entry.name for entry in manifest.entries):
        kinds: dict[tuple[Any, ...], list[str]] = {}
        for name in members:
            entry = manifest[name]
            kinds.setdefault((entry.shape, entry.dtype, entry.initializer, entry.expression), []).append(name)
        for names in kinds.values():
            titled = [(pattern, tuple(names))] if len(kinds) == 1 else show.collapse(names)
            groups += [(title, [manifest[name] for name in each]) for title, each in titled]
    return groups


def _lines(manifest: Inventory) -> Iterable[str]:
    columns = 5 if manifest.declared else 3  # a checkpoint knows neither initializers nor expressions
    rows = [("parameter", "shape", "dtype", "initializer", "declared as")[:columns]]
    for title, (entry, *_) in alike(manifest):
        row = (title, str(entry.shape), entry.dtype, entry.initializer, entry.expression or "")
        rows.append(tuple(map(show.printable, row[:columns])))
    yield signature(manifest)
    yield from show.align(rows, indent="")
    for target, source in manifest.ties.items():
        yield f"{target} is tied to {source}"
    yield from layout_lines(manifest.stored)
    yield f"{totals(manifest)}, {_counted(manifest.nbytes, 'byte')}, digest {manifest.digest[:12]}"


def manifest_markdown(manifest: Inventory) -> str:
    """Give a manifest as Markdown: heading, hyperparameters, totals, parameters, ties, stored layout and digest."""
    return "\n\n".join(_markdown_blocks(manifest)) + "\n"


def _markdown_blocks(manifest: Inventory) -> Iterator[str]:
    yield f"# {show.markdown.escaped(manifest.model)}"
    if manifest.hyperparameters:
        rows = [
            (show.markdown.code(str(key)), show.markdown.code(_value(value)))
            for key, value in manifest.hyperparameters.items()
        ]
        yield show.markdown.table(("Hyperparameter", "Value"), rows)
    yield f"{totals(manifest)}, {_counted(manifest.nbytes, 'byte')} ({show.format_bytes(manifest.nbytes)})"
    if manifest.entries:
        yield _parameter_table(manifest)
    if manifest.ties:
        yield "## Ties"
        yield show.markdown.bullets(_tie_lines(manifest.ties))
    if manifest.stored:
        yield "## Stored otherwise than declared"
        yield show.markdown.bullets(map(show.markdown.code, layout_lines(manifest.stored)))
    yield f"Digest {show.markdown.code(manifest.digest)}"


def totals(manifest: Inventory) -> str:
    """Give the totals: `4 parameters, 1,000 elements (900 trainable)`; a checkpoint does not tell what is trained."""
    known = f" ({trainable_size(manifest.entries):,} trainable)" if manifest.declared else ""
    return f"{_counted(len(manifest), 'parameter')}, {_counted(manifest.size, 'element')}{known}"


def _parameter_table(manifest: Inventory) -> str:
    groups = alike(manifest)
    columns = ["Parameter", "Shape", "Dtype"]
    if manifest.declared:
        columns += ["Initializer", "Declared as"]
    rows: list[tuple[str, ...]] = []
    for title, (entry, *_) in groups:
        row = [show.markdown.code(title), show.markdown.code(str(entry.shape)), show.markdown.code(entry.dtype)]
        if manifest.declared:
            row += [show.markdown.code(entry.initializer), show.markdown.code(entry.expression or "")]
        rows.append(tuple(row))
    return show.markdown.table(columns, rows)


def _tie_lines(ties: Mapping[str, str]) -> Iterator[str]:
    """Give one line for all ties to one parameter."""
    tied: dict[str, list[str]] = {}
    for target, source in ties.items():
        tied.setdefault(source, []).append(target)
    for source, targets in tied.items():
        names = ", ".join(show.markdown.code(pattern) for pattern, _ in show.collapse(targets))
        yield f"{names} {'is' if len(targets) == 1 else 'are'} tied to {show.markdown.code(source)}"


def _value(value: Any) -> str:
    known = plain(value)
    return known["repr"] if isinstance(known, dict) and known.keys() == {"repr"} else encoded(known)


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


_MOST_HYPERPARAMETERS, _MOST_LETTERS = 12, 40


def manifest_html(manifest: Inventory) -> str:
    """Show a manifest: what model it is, its totals, and, to be opened, its parameters."""
    return show.html.in_notebook(manifest, _html)


def _html(manifest: Inventory) -> str:
    return show.html.block([show.html.title(called(manifest)), *parameters_html(manifest)])


def called(manifest: Inventory) -> str:
    """Give the model as it was called, short: `Linear(in_features=768, out_features=10)`."""
    named = list(manifest.hyperparameters.items())
    values = [f"{name}={_short(value)}" for name, value in named[:_MOST_HYPERPARAMETERS]]
    return f"{manifest.model}({', '.join(values + ['…'] * (len(named) > len(values)))})"


def _short(value: Any) -> str:
    # A value may be anything, also something whose text would fetch what is in memory: only plain values are printed.
    if value is None or type(value) in (bool, float, str) or (type(value) is int and value.bit_length() < 128):
        text = repr(value)
    else:
        text = value.__name__ if isinstance(value, type) else f"<{type(value).__name__}>"
    return text if len(text) <= _MOST_LETTERS else f"{text[: _MOST_LETTERS - 1]}…"


def parameters_html(
    manifest: Inventory, title: str = "", state: Callable[[list[ManifestEntry]], str] | None = None
) -> list[str]:
    """Show the totals of a manifest and its parameters, those that are alike in one row.

    Args:
        manifest: of what.
        title: of one more column, if there is one.
        state: gives the text of that column for parameters that are alike.
    """
    titles = ("parameter", *((title,) if state else ()), "shape", "dtype", "initializer", "declared as", "bytes")
    rows = [
        (
            *((name, state(members)) if state else (name,)),
            str(members[0].shape),
            members[0].dtype,
            members[0].initializer,
            members[0].expression or "",
            show.format_bytes(sum(each.nbytes for each in members)),
        )
        for name, members in alike(manifest)
    ]
    notes = [f"{target} is tied to {source}" for target, source in manifest.ties.items()]
    notes += [line.strip() for line in layout_lines(manifest.stored)]
    body = [show.html.table(titles, rows, right=(len(titles) - 1,))]
    body += [show.html.lines("\n".join(notes))] if notes else []
    return [show.html.folded(f"{totals(manifest)}, {show.format_bytes(manifest.nbytes)}", show.html.block(body))]
