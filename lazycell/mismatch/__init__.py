"""What is wrong between a checkpoint and a model, grouped, with its likely causes. Needs no MindSpore."""

from ._problems import Cause, Problem

__all__ = [
    "Cause",
    "Problem",
]
