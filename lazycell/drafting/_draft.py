"""From the headers of a checkpoint to the source of classes that declare it."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from types import ModuleType
from typing import Any

from .. import formats, layout, pretrained, sources
from .._errors import CheckpointError, LazyCellError
from .._frozen import frozen
from ..manifest import Manifest, stored_tensors
from ._class_plans import Planner
from ._columns import Sizes
from ._draft_text import draft_text
from ._drafted_class import Hyper
from ._heads import tied_head
from ._leaf_kinds import Leaves
from ._name_tree import Branch, StoredTensor, tree_of, usual_dtype
from ._patterns_of_cells import Shapes
from ._python_names import IMPORTED
from ._root_fields import root_fields

_FIRST_MODULE = "layers"
_QUANTIZATION = "quantization_config"


@frozen
class Draft:
    """A model as a checkpoint shows it.

    Attributes:
        text: the source of its classes.
        model: the name of the class of the whole.
        classes: the names of the classes for its parts and of that, inner ones first.
        undecided: what the comments say of sizes and conditions that have several explanations, or none.
    """

    text: str
    model: str
    classes: tuple[str, ...]
    undecided: tuple[str, ...]

    def __str__(self) -> str:
        return self.text


def draft(
    *checkpoints: str | PathLike[str] | Manifest,
    config: str | PathLike[str] | Mapping[str, Any] | Sequence[Any] | None = None,
    name: str | None = None,
) -> Draft:
    """Write the classes that declare what a checkpoint holds; only headers are read.

    The manifest of the class has the names, shapes and dtypes of the file: this is tried before anything is given.

    Args:
        checkpoints: files, or directories, of one family: what one leaves open, another may decide; or manifests, as
            `lazycell.manifest(net)` gives them of plain cells, which say how they are initialized, too.
        config: the `config.json` of each, in their order, and of others of the family behind them; default: those in
            the directories.
        name: of the class of the whole; default: the architecture that the config names, or the file's own name.

    Returns:
        The source of the classes, and what could not be decided.

    Raises:
        FileNotFoundError: there is nothing at a path.
        CheckpointFormatError: a file is not what its format promises.
        CheckpointError: what was written does not have the file's names and shapes; the message says which.
    """
    if not checkpoints:
        raise TypeError('draft() takes a checkpoint: write lazycell.draft("model.safetensors")')
    paths = [Path(each.model if isinstance(each, Manifest) else each) for each in checkpoints]
    configs = _configs(paths, config)
    runs, made = [], []
    for number, (each, path) in enumerate(zip(checkpoints, paths, strict=True)):
        tensors, title = _tensors(each, path, configs[number])
        runs.append(tensors)
        made.append(title)
    title = name or _title(paths[0], configs)
    if any(configs):
        made.append("config.json" if len(configs) == 1 else f"{len(configs)} configs")
    return drafted(runs, configs, title, made)


def _tensors(source: Any, path: Path, config: Mapping[str, Any]) -> tuple[dict[str, StoredTensor], str]:
    """Give what there is by name, and what its source is called."""
    if isinstance(source, Manifest):
        entries = {
            each.name: StoredTensor(tuple(each.shape), each.dtype, each.initializer, each.trainable) for each in source
        }
        return entries, source.model
    header = formats.open_checkpoint(path)
    floats = sources.dequantized(header, quantization=config.get(_QUANTIZATION))
    stored = {
        name: StoredTensor(tuple(each.shape), each.dtype)
        for name, each in floats.tensors.items()
        if header.tensors.get(name) is each
    }
    # Codes have the dtype of what is not coded: nobody's model has both.
    usual = usual_dtype(stored)
    found = {name: stored.get(name, StoredTensor(tuple(each.shape), usual)) for name, each in floats.tensors.items()}
    return found, header.path.name


def _configs(paths: Sequence[Path], config: Any) -> list[Mapping[str, Any]]:
    given: Iterable[Any]
    if config is None:
        given = [pretrained.find_config(path).options if path.is_dir() else {} for path in paths]
    else:
        given = [config] if isinstance(config, str | PathLike | Mapping) else config
    read = [each if isinstance(each, Mapping) else pretrained.config_in(Path(each)).options for each in given]
    return [*read, *({} for _ in paths[len(read) :])]


def _title(path: Path, configs: Sequence[Mapping[str, Any]]) -> str:
    names = [name for config in configs for name in config.get("architectures") or ()]
    text = names[0] if names else path.name.split(".")[0] if path.suffix else path.name
    words = re.findall(r"[A-Za-z0-9]+", text)
    title = "".join(word[0].upper() + word[1:] for word in words) or "Model"
    return f"Model{title}" if title[0].isdigit() else title


def drafted(
    runs: Sequence[Mapping[str, StoredTensor]],
    configs: Sequence[Mapping[str, Any]],
    title: str,
    made_from: Sequence[str],
) -> Draft:
    trees = [tree_of(tensors, run) for run, tensors in enumerate(runs)]
    rules: dict[str, str] = {}
    if all(tree.is_row for tree in trees):
        trees = [_named_row(tree) for tree in trees]
        rules = {"{i}.{*rest}": f"{_FIRST_MODULE}.{{i}}.{{*rest}}"}
    usual = usual_dtype({name: each for run in runs for name, each in run.items()})
    shapes = Shapes(Leaves(trees))
    root = shapes.root(trees)
    sizes = Sizes(configs, len(runs), Hyper)
    title = f"{title}Model" if title in IMPORTED else title
    planner = Planner(shapes, root, sizes, title, [usual])
    tied_head(planner, sizes, configs)
    taken = {line.name for line in planner.root.lines}
    fields = root_fields(sizes, configs, taken)
    text = draft_text(planner, fields, made_from, rules)
    undecided = dict.fromkeys(
        f"{plan.name}.{line.name}: {note}"
        for plan in planner.plans.values()
        for line in plan.lines
        for note in line.comments
    )
    made = Draft(text, title, tuple(plan.name for plan in planner.plans.values()), tuple(undecided))
    _verify(made, runs, configs, usual, planner.root.hypers)
    return made


def _named_row(tree: Branch) -> Branch:
    """Give a root that is a row of cells a name for the row: a class has no attribute `0`."""
    for branch in tree.below.values():
        _rename(branch)
    row = Branch(_FIRST_MODULE, tree.run, below=tree.below)
    return Branch("", tree.run, below={_FIRST_MODULE: row})


def _rename(branch: Branch) -> None:
    branch.path = f"{_FIRST_MODULE}.{branch.path}"
    for below in branch.below.values():
        _rename(below)


def _verify(
    made: Draft,
    runs: Sequence[Mapping[str, StoredTensor]],
    configs: Sequence[Mapping[str, Any]],
    usual: str,
    hypers: Sequence[Hyper],
) -> None:
    """Build the manifest of what was written, and hold it against the headers.

    Raises:
        CheckpointError: they differ: a mistake of ours, or a file that no class declares.
    """
    try:
        cls = imported_draft(made)
    except (LazyCellError, SyntaxError) as error:
        raise CheckpointError(f"its names cannot be declared: {_first_line(error)}") from error
    for run, tensors in enumerate(runs):
        arguments = pretrained.hyperparameters_from_config(cls, configs[run])
        arguments |= {hyper.name: hyper.column[run] for hyper in hypers}
        try:
            manifest = cls.manifest(**arguments, dtype=usual)
        except LazyCellError as error:
            raise CheckpointError(f"what it holds cannot be declared: {_first_line(error)}") from error
        found = {name: (tuple(shape), dtype) for name, shape, dtype in _stored(manifest)}
        leftovers = layout.leftover_names(manifest.leftovers)
        unneeded = {name for name in tensors if leftovers.find(name) is not None or name in manifest.ties}
        there = {name: (each.shape, each.dtype) for name, each in tensors.items() if name not in unneeded}
        wrong = [
            f"{name}: {found.get(name)} for {there.get(name)}"
            for name in {**there, **found}
            if found.get(name) != there.get(name)
        ]
        if wrong:
            raise CheckpointError(f"the draft is not what the file holds: {'; '.join(wrong[:5])}")


def _first_line(error: Exception) -> str:
    """Say what is wrong, without the place in a text that nobody has seen."""
    return str(error).partition("\n")[0]


def _stored(manifest: Any) -> Iterable[tuple[str, Any, str]]:
    return [(each.name, each.shape, each.dtype) for each in stored_tensors(manifest)]


def imported_draft(made: Draft) -> Any:
    """Give the class of the whole, from the text of a draft; no `construct` runs."""
    module = ModuleType(f"lazycell_draft_{made.model}")
    sys.modules[module.__name__] = module
    try:
        exec(compile(made.text, f"<draft of {made.model}>", "exec"), module.__dict__)
    finally:
        del sys.modules[module.__name__]
    return getattr(module, made.model)
