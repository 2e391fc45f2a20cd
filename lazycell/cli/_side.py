"""Two things that are held against each other: models, manifest files or checkpoints."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import attrs

from .. import formats, loading
from .._errors import CheckpointFormatError, LazyCellError
from ..manifest import Manifest, known_names, manifest_of_header
from ._model import Model, Options, find, is_manifest, names_repository
from ._on_disk import on_disk

_Names = dict[str, tuple[str, tuple[int, ...]] | None]

_WEIGHTS = (".safetensors", ".ckpt", ".gguf", ".index.json")


def find_side(text: str, options: Options | None = None) -> Manifest:
    """Give the manifest of what a word on the command line stands for; only headers are read, no values are drawn.

    Args:
        text: a manifest file; a checkpoint, as a file, a directory that holds one, or a repository `ORG/NAME` in the
            hub's cache; or MODEL, as `find` has it.
        options: hyperparameters, for a class; a manifest and a checkpoint have theirs. And a repository's revision.

    Raises:
        click.UsageError: there is no such model, or the options do not go with it.
        LazyCellError: the registry, a config or a file refuses.
    """
    return find_sides(text, text, options)[0]


def find_sides(old: str, new: str, options: Options | None = None) -> tuple[Manifest, Manifest]:
    """Give the manifests of two words, each as `find_side` has it.

    Beside a net that is built, a checkpoint has the names and forms that the net has for its tensors; beside any model
    that it fits, as `lazycell check` finds, the names that a load finds for them, and nothing that a load passes over.
    """
    words = dict.fromkeys((old, new))  # both may be the same class, which is then looked at once
    models = {each: model for each in words if (model := _model(each, options)) is not None}
    headers = {each: _header(each, options) for each in words if each not in models}
    manifests = {each: with_source(model) for each, model in models.items()}
    for checkpoint, header in headers.items():
        manifests[checkpoint] = _beside(tuple(models.values()), checkpoint, header)
    return manifests[old], manifests[new]


def find_other(model: Model, text: str) -> Manifest:
    """Give the manifest of a word that is held against a model, as `find_sides` has it.

    Raises:
        click.UsageError: there is no such model.
        LazyCellError: the registry, a config or a file refuses.
    """
    other = _model(text, None)
    return _beside([model], text, _header(text, None)) if other is None else with_source(other)


def with_source(model: Model) -> Manifest:
    """Give the manifest of a model, which knows what it was asked for by."""
    return attrs.evolve(model.manifest, source=model.title)


def _beside(models: Collection[Model], text: str, header: formats.CheckpointHeader) -> Manifest:
    for model in models:
        if header.may_have_codes:
            header = loading.in_floats(model.manifest, header, loading.LoadOptions())
    manifest = manifest_of_header(header, text)
    for model in models:
        named = _as_loaded(model, header) if model.knows_names is None else model.knows_names.as_named(header)
        manifest = _named(manifest, named)
    return manifest


def _model(text: str, options: Options | None) -> Model | None:
    path = Path(text)
    if path.is_file() and is_manifest(path):
        return find(text)
    return find(text, options) if is_class(text) else None


def _header(text: str, options: Options | None) -> formats.CheckpointHeader:
    path = on_disk(text, None if options is None else options.revision)
    try:
        return formats.open_checkpoint(path)
    except CheckpointFormatError as error:
        if path.suffix != ".json" or path.name.endswith(_WEIGHTS):
            raise
        written = "nor is it a manifest, which `lazycell manifest MODEL --json` writes"
        raise CheckpointFormatError(f"{error}; {written}") from None


def _as_loaded(model: Model, header: formats.CheckpointHeader) -> _Names:
    """Give what a load takes a checkpoint's tensors for: of a head's file, the base's; None: it does not need it."""
    published = False if model.preset is None else "new"
    try:
        plan = model.fitted(header, loading.LoadOptions(partial=published))
    except LazyCellError:
        return {}
    if not isinstance(plan, loading.LoadPlan):
        return {}
    own = {*known_names(model.manifest)}
    names: _Names = dict.fromkeys((*plan.computed, *plan.unused, *plan.other_head))
    return names | {
        step.key: (step.parameter, header.tensors[step.key].shape)
        for step in plan.steps
        if step.key in header.tensors and not step.pieces and step.key not in own
    }


def _named(checkpoint: Manifest, names: _Names) -> Manifest:
    """Give the manifest of a checkpoint with other names; two tensors that would have one keep theirs.

    What a load does not need is left out.
    """
    entries = []
    taken = {entry.name for entry in checkpoint if entry.name not in names}
    for entry in checkpoint:
        meant = names.get(entry.name, (entry.name, entry.shape))
        if meant is None:
            continue
        name, shape = meant
        if entry.name not in names or name in taken:
            entries.append(entry)
        else:
            taken.add(name)
            entries.append(attrs.evolve(entry, name=name, shape=shape))
    return attrs.evolve(checkpoint, entries=tuple(entries))


def is_class(text: str) -> bool:
    """Whether a word stands for a class, which takes hyperparameters: it is neither a file nor holds a checkpoint.

    What can be a repository `ORG/NAME` of the hub is none.
    A directory with a `config.json` and weights is the weights: who means the model names it.
    """
    path = Path(text)
    if not path.is_dir():
        return not path.is_file() and not names_repository(text)
    # With anything that may be weights, what is wrong with them is to be told.
    return (path / "config.json").is_file() and not any(
        each.name.endswith(_WEIGHTS) or each.name.startswith("pytorch_model") for each in path.iterdir()
    )
