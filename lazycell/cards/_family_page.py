"""A page for each family of models, and one that lists them all."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from .. import pretrained, show
from ..pretrained import Preset, RegisteredModel
from ..show import markdown
from ._card import details, loading
from ._card_sizes import position_bytes
from ._card_text import paper_link, sections, source_link, table, value_text
from ._subject import Subject, first_paragraph, purpose_of

INDEX = "index"
"""The name of the page that lists them all."""


def family_pages(models: Iterable[RegisteredModel]) -> dict[str, str]:
    """Give a page of Markdown for each family, by its name, and first `INDEX`, which links to the others.

    Nothing is built. Names of families that no file can have are given with `_` for what cannot be.
    """
    families: dict[str, list[RegisteredModel]] = {}
    for model in models:
        families.setdefault(model.model_type, []).append(model)
    subjects = {name: [*_subjects(members)] for name, members in families.items()}
    pages = {_file(name): _page(name, members, subjects[name]) for name, members in families.items()}
    return {INDEX: _index(families, subjects), **pages}


def _file(family: str) -> str:
    text = "".join(each if each.isascii() and (each.isalnum() or each in "-_.") else "_" for each in family)
    return f"{text}_" if text in ("", ".", "..", INDEX) else text


def _subjects(models: Iterable[RegisteredModel]) -> Iterable[Subject]:
    """Give the presets; without those whose class refuses or has no manifest, which is not for a page to say."""
    for model in models:
        for preset in model.presets:
            try:
                manifest = model.cls.manifest(**preset.arguments)  # type: ignore[attr-defined]
            except Exception:
                continue
            yield Subject(preset.name, manifest, model.cls, preset.arguments, preset)


# ----------------------------------------------------------------------------------------------------------- one family


def _page(family: str, models: Sequence[RegisteredModel], subjects: Sequence[Subject]) -> str:
    module = sys.modules.get(models[0].cls.__module__)
    blocks = [f"# {markdown.prose(family)}", markdown.prose(first_paragraph(getattr(module, "__doc__", None)))]
    smallest = min(subjects, key=lambda each: each.manifest.size, default=None)
    published = next((each for each in subjects if each.preset and each.preset.source), smallest)
    blocks += sections(
        [
            ("## Classes", _classes(family, models)),
            ("## Load", "" if published is None else loading(published)),
            ("## Presets", _presets(subjects)),
            ("", _published(subjects)),
            ("## What presets set", _settings(subjects)),
        ]
    )
    if smallest is not None:
        blocks.append(f"## The smallest: {markdown.prose(smallest.title)}")
        blocks.append(
            f"`lazycell show PRESET --card OUT.md` writes the same of any other preset: {smallest.title} has "
            f"{smallest.manifest.size:,} elements."
        )
        blocks += details(smallest, "###")
    return "\n\n".join(filter(None, blocks)) + "\n"


def _classes(family: str, models: Sequence[RegisteredModel]) -> str:
    rows = []
    for model in models:
        names = [name for name in pretrained.names_with(model.cls) if name != (family, model.architecture)]
        others = ", ".join(f"{markdown.code(other)} {markdown.code(name)}" for other, name in names)
        where = markdown.code(f"{model.cls.__module__}:{model.cls.__name__}")
        rows.append((markdown.code(model.architecture), markdown.prose(purpose_of(model.cls)), where, others))
    text = table(("Architecture", "What it gives", "Class", "Also for"), rows)
    return (
        f"`lazycell.from_pretrained` takes these for a directory or a repository whose `config.json` has "
        f"{markdown.code('model_type')} {markdown.code(family)} and one of the architectures.\n\n{text}"
    )


def _presets(subjects: Sequence[Subject]) -> str:
    several = len({each.manifest.model for each in subjects}) > 1
    rows = []
    for each in subjects:
        full_and_half = [*_full_and_half(each)]
        own = "" if all(full_and_half) else show.format_bytes(each.manifest.nbytes)
        length, cache = (each.positions or ("", 0))[1], position_bytes(each)
        rows.append(
            (
                *(markdown.code(each.title), markdown.code(each.manifest.model) if several else ""),
                *(markdown.code(each.dtypes[0] if each.dtypes else ""), f"{len(each.manifest):,}"),
                *(f"{each.manifest.size:,}", own, *full_and_half),
                *(f"{length:,}" if length else "", f"{cache:,}" if cache else ""),
            )
        )
    if not rows:
        return ""
    titles = ("Preset", "Class", "Dtype", "Parameters", "Elements", "Bytes", _FULL, "half", "Positions", "Cache")
    notes = [
        f"Dtype: the one that the preset has, or else the class. {_FULL}: bytes in it; half: in that dtype if it takes "
        f"two bytes a number, else in {_HALF}."
    ]
    positions = dict.fromkeys(markdown.code(each.positions[0]) for each in subjects if each.positions)
    notes += [f"Positions: {show.few(positions, 3)}."] if positions else []
    notes += ["Cache: bytes of keys and values for one position of one text."] if any(row[-1] for row in rows) else []
    return f"{table(titles, rows, 3)}\n\n{' '.join(notes)}"


_FULL, _HALF, _HALVES = "float32", "float16", ("float16", "bfloat16")


def _full_and_half(subject: Subject) -> Iterator[str]:
    """Give the bytes in four bytes an element and in two; the dtype that the model is published in is one of them."""
    half = subject.dtypes[0] if subject.dtypes and subject.dtypes[0] in _HALVES else _HALF
    for dtype in (_FULL, half):
        nbytes = subject.manifest.nbytes if subject.dtypes[:1] == [dtype] else subject.bytes_in(dtype)
        yield "" if nbytes is None else show.format_bytes(nbytes)


def _published(subjects: Sequence[Subject]) -> str:
    rows = []
    for each in subjects:
        preset = each.preset
        if preset is not None and (preset.source or preset.licence or preset.paper):
            about = source_link(preset.source), markdown.prose(preset.licence or ""), paper_link(preset.paper)
            rows.append((markdown.code(each.title), *about))
    return table(("Preset", "Weights", "Licence", "Paper"), rows)


def _settings(subjects: Sequence[Subject]) -> str:
    """Give a column for each hyperparameter that some preset sets, and in it the value that each has."""
    presets = [each.preset for each in subjects if each.preset is not None]
    names = list(dict.fromkeys(name for preset in presets for name in preset.hyperparameters))
    rows = [(markdown.code(each.title), *_values(each.preset, names, each)) for each in subjects if each.preset]
    return table(("Preset", *map(markdown.code, names)), rows, 1) if names else ""


def _values(preset: Preset, names: Sequence[str], subject: Subject) -> list[str]:
    values: Mapping[str, Any] = {**subject.manifest.hyperparameters, **preset.hyperparameters}
    return [markdown.prose(value_text(values[name])) if name in values else "" for name in names]


# ---------------------------------------------------------------------------------------------------------- all of them


def _index(families: Mapping[str, Sequence[RegisteredModel]], subjects: Mapping[str, Sequence[Subject]]) -> str:
    rows = []
    for family, models in families.items():
        sizes = sorted((each.manifest.size, each.manifest.nbytes) for each in subjects[family])
        elements = _range([f"{size:,}" for size, _ in sizes])
        nbytes = _range([show.format_bytes(nbytes) for _, nbytes in sorted(sizes, key=lambda pair: pair[1])])
        rows.append((_link(family), f"{len(models):,}", f"{len(sizes):,}", elements, nbytes))
    found = [(family, each) for family in families for each in subjects[family]]
    blocks = ["# Model cards", "A page for each family, made of its classes and presets; nothing is built for it."]
    blocks += [table(("Family", "Classes", "Presets", "Elements", "Bytes"), rows, 1)]
    blocks += sections([("## By size", _by_size(sorted(found, key=_size)))])
    return "\n\n".join(filter(None, blocks)) + "\n"


def _by_size(ordered: Iterable[tuple[str, Subject]]) -> str:
    rows = []
    for family, each in ordered:
        length = (each.positions or ("", 0))[1]
        rows.append(
            (
                *(markdown.code(each.title), _link(family), markdown.code(each.dtypes[0])),
                *(f"{len(each.manifest):,}", f"{each.manifest.size:,}", show.format_bytes(each.manifest.nbytes)),
                f"{length:,}" if length else "",
            )
        )
    titles = ("Preset", "Family", "Dtype", "Parameters", "Elements", "Bytes", "Positions")
    return table(titles, rows, 3)


def _size(pair: tuple[str, Subject]) -> tuple[int, str]:
    return pair[1].manifest.size, pair[1].title


def _link(family: str) -> str:
    return f"[{markdown.prose(family)}]({_file(family)}.md)"


def _range(texts: Sequence[str]) -> str:
    ends = dict.fromkeys((texts[0], texts[-1])) if texts else {}
    return " – ".join(ends)
