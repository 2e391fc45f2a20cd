"""All models of the table."""

from __future__ import annotations

from . import _diffusers, _mindcv, _transformers
from ._model import Model

MODELS = (*_mindcv.MODELS, *_transformers.MODELS, *_diffusers.MODELS)


def find(project: str, name: str) -> Model:
    """Give a model.

    Raises:
        LookupError: there is none.
    """
    for model in MODELS:
        if (model.project, model.name) == (project, name):
            return model
    raise LookupError(f"{project} has no {name} here")
