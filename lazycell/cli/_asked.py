"""The class that a config.json or a GGUF file asks for, and whether the checkpoint fits: as `check` and a load do."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .. import _families, loading, pretrained
from .._errors import CheckpointFormatError, LazyCellError
from .._frozen import frozen
from ._model import find

if TYPE_CHECKING:
    from ..formats import CheckpointHeader
    from ..mismatch import Mismatch


@frozen
class Asked:
    """What a config.json, or a GGUF file, asks for.

    Attributes:
        name: of the class; None where none is known.
        module: that it is in.
        fits: whether the checkpoint fits; None where that could not be asked.
        text: the same in words, or why it could not.
    """

    name: str | None
    module: str | None
    fits: bool | None
    text: str

    @property
    def json(self) -> dict[str, Any]:
        """What it says, as JSON holds it."""
        return {"class": self.name, "module": self.module, "fits": self.fits, "message": self.text}


def asked_for(path: Path, header: CheckpointHeader) -> Asked | None:
    """Ask the class that the config.json of a directory, or a GGUF file, names.

    That imports MindSpore, where the family is known.

    Args:
        path: of the directory with the checkpoint, or of the file.
        header: of the checkpoint.

    Returns:
        The answer; None: there is no config.json, and the file is of another format.
    """
    try:
        config = pretrained.find_config(path)
    except CheckpointFormatError as error:  # what there is can be shown all the same
        return Asked(None, None, None, str(error).split("\n")[0])
    if config.lacking:
        return Asked(None, None, None, config.lacking)
    if not config.found:
        return None
    family = config.options.get("model_type")
    if isinstance(family, str) and family not in {name for name, _ in _families.announced()}:
        return Asked(None, None, None, f"no class is registered for {family!r}")
    try:
        found = find(str(path)).beside(header, {})
        plan = found.fitted(header, loading.LoadOptions(partial="new"))
    except (LazyCellError, click.UsageError) as error:
        if _lacks_mindspore(error):
            text = "which class that is, and whether it fits, is told where MindSpore is installed"
            return Asked(None, None, None, text)
        text = error.format_message() if isinstance(error, click.UsageError) else str(error)
        return Asked(None, None, None, text.split("\n")[0])
    name, module = found.class_.__name__, found.class_.__module__
    fits, text = told(plan, f"{name} ({module}), which {'the file' if config.is_gguf else 'config.json'} asks for")
    return Asked(name, module, fits, text)


def fits_model(title: str, header: CheckpointHeader) -> Asked:
    """Say whether a checkpoint fits a model that the user names.

    Raises:
        click.UsageError: there is no such model, or it needs hyperparameters.
        LazyCellError: the class or the function refuses.
    """
    found = find(title).beside(header, {})
    plan = found.fitted(header, loading.LoadOptions(partial="new"))
    cls = found.cls if found.factory is None else type(found.factory.net)
    fits, text = told(plan, f"{title} ({plan.model})")
    return Asked(None if cls is None else cls.__name__, None if cls is None else cls.__module__, fits, text)


def told(plan: loading.LoadPlan | Mismatch, model: str) -> tuple[bool, str]:
    """Say in one line whether a checkpoint fits.

    Args:
        plan: how it fits, or why it does not.
        model: what the model is called.
    """
    if isinstance(plan, loading.LoadPlan):
        many = "1 parameter" if len(plan.new_head) == 1 else f"{len(plan.new_head)} parameters"
        new = f"; {many} of a new head would have to be trained" if plan.new_head else ""
        return True, f"fits {model}{new}"
    what = plan.text().split("\n")[0].partition(f"does not fit {plan.model}: ")[2]
    return False, f"does not fit {model}: {what}"


def _lacks_mindspore(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ModuleNotFoundError) and error.name == "mindspore":
            return True
        error = error.__cause__ or error.__context__
    return False
