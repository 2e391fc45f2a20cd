"""Operations that MindSpore 2.10 has on Ascend only, written with NumPy, so that mindone builds and runs on a CPU.

They replace what MindSpore's primitives call, so that a method, a function and a cell come here alike. A random one
draws from the generator's seed and offset, as the kernel does, so that it repeats under `mindspore.manual_seed`.
A part of a tensor is a copy on a CPU, and so writing into it in place does not change the whole; on Ascend it does.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

from . import _kernels_layers, _kernels_shapes, _kernels_values
from ._kernel import KERNELS


def install() -> None:
    """Replace the operations, for the whole process."""
    prims = import_module("mindspore.ops.auto_generate.gen_ops_prim")
    inner = import_module("mindspore.ops.auto_generate.pyboost_inner_prim")
    for name, function in KERNELS.items():
        setattr(prims, f"pyboost_{name}", _from_list(function))
        kind = getattr(inner, f"_Pyboost{name.title().replace('_', '')}Prim", None)
        if kind:
            kind.__call__ = _from_arguments(function)
    overload: Any = import_module("mindspore.ops.functional_overload")
    overload._gelu_instance = _kernels_layers.gelu
    tensor = import_module("mindspore").Tensor
    tensor.fill_, tensor.clamp_ = _kernels_values.fill_, _kernels_values.clamp_
    tensor.clone, tensor.nonzero, tensor.repeat = _kernels_shapes.clone, _kernels_shapes.nonzero, _kernels_shapes.repeat
    _replace(import_module("mindspore.ops.function.math_func").einsum_ext, _kernels_layers.einsum)
    mint = import_module("mindspore.mint")
    _replace(mint.nonzero, _kernels_shapes.nonzero)
    _replace(mint.where, _kernels_shapes.where(mint.where))
    _replace(import_module("mindspore.mint.nn.functional").max_pool2d, _kernels_layers.max_pool2d)


def _from_list(function: Callable[..., Any]) -> Callable[[Any, list[Any]], Any]:
    """Take the arguments as MindSpore's primitives give them: the primitive, and a list."""
    return lambda _primitive, arguments: function(*arguments)


def _from_arguments(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda _primitive, *arguments: function(*arguments)


def _replace(function: Any, other: Any) -> None:
    """Replace a function wherever MindSpore's modules have it."""
    for name, module in [*sys.modules.items()]:
        if name.startswith("mindspore"):
            for attribute, value in [*vars(module).items()]:
                if value is function:
                    setattr(module, attribute, other)
