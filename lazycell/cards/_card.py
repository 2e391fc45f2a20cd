"""The card of one model."""

from __future__ import annotations

import json

from .. import declaration, hub
from ..manifest import totals
from ..pretrained import names_with
from ..show import markdown
from ._card_names import in_files, shapes, tree
from ._card_sizes import bytes_by_dtype, caches, largest, parts, roles
from ._card_text import fenced, in_bytes, paper_link, sections, source_link, table, value_text
from ._subject import Subject, purpose_of

_DOWNLOAD = (
    "That is a repository of Hugging Face's hub. What the hub's cache has is read from there; with "
    '`pip install "lazycell[hub]"` the rest is downloaded. A directory with the same files is loaded alike.'
)


def card_of(subject: Subject) -> str:
    """Give the card of a model: what it is, how it is loaded, what it takes, and every shape with what it is made of.

    Nothing is built, unless the model has cells that declare nothing. All numbers are those of the manifest.
    """
    purpose = "" if subject.cls is None else purpose_of(subject.cls)
    blocks = [f"# {markdown.prose(subject.title)}", markdown.prose(purpose), _facts(subject)]
    blocks += sections([("## Load", loading(subject)), ("## Hyperparameters", hyperparameters(subject))])
    return "\n\n".join(filter(None, [*blocks, *details(subject, "##")])) + "\n"


def details(subject: Subject, level: str) -> list[str]:
    """Give the blocks about the parameters of a model.

    Args:
        subject: the model.
        level: the signs before a heading, `##`.
    """
    return sections(
        [
            (f"{level} Memory", bytes_by_dtype(subject)),
            ("", parts(subject)),
            ("", roles(subject)),
            ("", largest(subject)),
            (f"{level} Cache of keys and values", caches(subject)),
            (f"{level} Cells", tree(subject)),
            (f"{level} Shapes", shapes(subject)),
            (f"{level} In files", in_files(subject)),
        ]
    )


def _facts(subject: Subject) -> str:
    manifest, preset, cls = subject.manifest, subject.preset, subject.cls
    name, length = subject.positions or ("", 0)
    where = "" if cls is None else f"`{cls.__name__}`, in `{cls.__module__}`"
    known = [] if cls is None else names_with(cls)
    rows = [
        ("Class", where or markdown.code(manifest.model)),
        (
            "Config",
            "; ".join(f"`model_type` {_quoted(family)}, `architectures` {_quoted([own])}" for family, own in known),
        ),
        ("Weights", source_link(preset.source) if preset else ""),
        ("Licence", markdown.prose(preset.licence or "") if preset else ""),
        ("Paper", paper_link(preset.paper) if preset else ""),
        ("In all", totals(manifest)),
        ("Bytes", in_bytes(manifest.nbytes)),
        ("Dtypes", ", ".join(map(markdown.code, subject.dtypes))),
        ("Positions", f"{length:,}, {markdown.code(name)}" if name else ""),
        ("Digest", markdown.code(manifest.digest)),
    ]
    return table(("Model", markdown.code(subject.title)), [row for row in rows if row[1]])


def _quoted(value: str | list[str]) -> str:
    return markdown.code(json.dumps(value))


def loading(subject: Subject) -> str:
    """Say how the model is loaded, or built where it is known from no published weights."""
    preset, cls = subject.preset, subject.cls
    source = preset.source if preset else None
    if source and hub.is_repository(source):
        return f"{_from_pretrained(source)}\n\n{_DOWNLOAD}"
    if subject.place is not None:
        return _from_pretrained(subject.place)
    if cls is None or not _is_importable(cls):
        return ""
    given = ", ".join(f"{name}={value_text(value)}" for name, value in subject.arguments.items())
    build = f"from {cls.__module__} import {cls.__name__}\n\nnet = {cls.__name__}({given})"
    return fenced("python", f'{build}\nnet.load_checkpoint("model.safetensors")')


def _from_pretrained(place: str) -> str:
    return fenced("python", f"import lazycell\n\nnet = lazycell.from_pretrained({json.dumps(place)})")


def _is_importable(cls: type) -> bool:
    """Whether an import statement can name a class."""
    words = [*cls.__module__.split("."), cls.__name__]
    return cls.__module__ != "__main__" and cls.__qualname__ == cls.__name__ and all(map(str.isidentifier, words))


def hyperparameters(subject: Subject) -> str:
    """Give a table of the hyperparameters: first those that were given."""
    values = subject.manifest.hyperparameters
    declared = None if subject.cls is None else declaration.declaration_of(subject.cls)
    items = {} if declared is None else {each.name: each for each in declared.hyperparameters}
    rows = []
    for name in sorted(values, key=lambda name: name not in subject.arguments):  # stable: else as declared
        item = items.get(name)
        default = "" if item is None or item.default is declaration.NOTHING else declaration.render(item.default)
        told = "" if item is None or not item.doc else markdown.prose(" ".join(item.doc.split()))
        rows.append((markdown.code(str(name)), markdown.code(value_text(values[name])), markdown.code(default), told))
    return table(("Hyperparameter", "Value", "Default", "Meaning"), rows)
