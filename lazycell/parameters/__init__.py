"""Parameters without values: what they are, how they get values, and what is born without."""

from ._buffer import declare_buffer
from ._declared import declare
from ._filling import fill, tensor_of
from ._framework import (
    buffers_of,
    framework_dtype,
    initializer_classes,
    keep_base_class_when_rewriting,
    names_looked_up,
    parameters_of,
    unsaved_buffers_of,
)
from ._lazy import building, lazy, no_init_parameters
from ._life import Origin, mark_as_left
from ._lifecycle import (
    ParameterStatus,
    Status,
    init_parameters_data,
    initialize_for_execution,
    refuse_while_saving,
    status,
    undeclare,
    uninitialized,
)
from ._streams import ComputedTable

__all__ = [
    "ComputedTable",
    "Origin",
    "ParameterStatus",
    "Status",
    "buffers_of",
    "building",
    "declare",
    "declare_buffer",
    "fill",
    "framework_dtype",
    "init_parameters_data",
    "initialize_for_execution",
    "initializer_classes",
    "keep_base_class_when_rewriting",
    "lazy",
    "mark_as_left",
    "names_looked_up",
    "no_init_parameters",
    "parameters_of",
    "refuse_while_saving",
    "status",
    "tensor_of",
    "undeclare",
    "uninitialized",
    "unsaved_buffers_of",
]
