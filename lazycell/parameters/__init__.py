"""Parameters without values: what they are, how they get values, and what is born without."""

from ._buffer import declare_buffer
from ._commit import Assignment, fill_all
from ._declared import declare
from ._device import computes, device, warn_before_execution
from ._encryption import decryption, encrypt
from ._foreign import ComputedTable
from ._framework import (
    FrameworkType,
    buffers_of,
    cells_of,
    framework_dtype,
    initialize_cell,
    initializer_classes,
    keep_base_class_when_rewriting,
    names_looked_up,
    parameters_of,
    unsaved_buffers_of,
)
from ._lazy import building, is_building, lazy, no_init_parameters
from ._life import Mark, Origin, left_by_checkpoint
from ._lifecycle import (
    ParameterStatus,
    Status,
    init_parameters_data,
    initialize_for_execution,
    no_values_to_save,
    refuse_while_saving,
    status,
    undeclare,
    uninitialized,
)
from ._without_values import lacks_values

__all__ = [
    "Assignment",
    "ComputedTable",
    "FrameworkType",
    "Mark",
    "Origin",
    "ParameterStatus",
    "Status",
    "buffers_of",
    "building",
    "cells_of",
    "computes",
    "declare",
    "declare_buffer",
    "decryption",
    "device",
    "encrypt",
    "fill_all",
    "framework_dtype",
    "init_parameters_data",
    "initialize_cell",
    "initialize_for_execution",
    "initializer_classes",
    "is_building",
    "keep_base_class_when_rewriting",
    "lacks_values",
    "lazy",
    "left_by_checkpoint",
    "names_looked_up",
    "no_init_parameters",
    "no_values_to_save",
    "parameters_of",
    "refuse_while_saving",
    "status",
    "undeclare",
    "uninitialized",
    "unsaved_buffers_of",
    "warn_before_execution",
]
