"""In which dtype a model is built whose config names one: in that one where the device can run it, else in float32."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

from .. import parameters
from .._dtypes import ITEMSIZES, dtype_name
from .._errors import ConfigError, DtypeWarning
from ..declaration import Declaration
from ..show import format_bytes
from ._config import Config

AS_STORED = "checkpoint"
"""The value of `dtype=` that keeps what the file has."""


def dtype_arguments(
    cls: type, declaration: Declaration, config: Config, dtype: Any, arguments: Mapping[str, Any]
) -> dict[str, Any]:
    """Give the argument `dtype` of the class, if it gets one.

    Args:
        cls: the class.
        declaration: what it declares.
        config: the model's.
        dtype: as the user gave it; None: what the config says, if the device computes in that.
        arguments: the others.

    Warns:
        DtypeWarning: the device does not.
    """
    if dtype is not None and not _is_as_stored(dtype):
        return {"dtype": dtype}
    # A class may have a hyperparameter of this name, which the config gave as any other.
    handed_down = declaration.takes_dtype and not declaration.own_init
    asked = _known(config, dtype) if handed_down else arguments.get("dtype")
    if asked is None:
        return {}
    if dtype is None and not _runs(asked):
        _warn(cls, config, dtype_name(asked), arguments)
        return {"dtype": "float32"}
    return {"dtype": asked}


def load_policy(dtype: Any) -> str:
    """Give the argument `dtype` of the load."""
    return AS_STORED if _is_as_stored(dtype) else "cast"


def _known(config: Config, dtype: Any) -> Any:
    """Give the dtype that a config asks for; None if it is none and what the file has is taken.

    Raises:
        ConfigError: it is none.
    """
    asked = config.dtype
    if asked is not None:
        try:
            dtype_name(asked)
        except TypeError:
            if dtype is not None:
                return None
            text = 'pass dtype="float32", another dtype, or "checkpoint" for what the file has'
            raise ConfigError(f"{config.path} asks for dtype {asked!r:.80}, which is none: {text}") from None
    return asked


def _is_as_stored(dtype: Any) -> bool:
    return isinstance(dtype, str) and dtype == AS_STORED


def _runs(dtype: Any) -> bool:
    try:
        name = dtype_name(dtype)
    except TypeError:
        return True  # the class refuses it, and says so
    runs: bool = parameters.computes(name)
    return runs


def _warn(cls: Any, config: Config, name: str, arguments: Mapping[str, Any]) -> None:
    manifest = cls.manifest(**{**arguments, "dtype": name})
    added = sum(entry.size * ITEMSIZES["float32"] - entry.nbytes for entry in manifest if entry.dtype == name)
    taken, asked = format_bytes(manifest.nbytes + added), format_bytes(manifest.nbytes)
    warnings.warn(
        f"{config.path} asks for {name}, which MindSpore's {parameters.device()} does not compute with: "
        f'{cls.__name__} is built in float32, {taken} where {name} takes {asked}; dtype="{name}" keeps that, '
        f"to save or convert the model, "
        f'dtype="checkpoint" what the file has, and dtype="float32" says that this is meant',
        DtypeWarning,
        stacklevel=5,  # of whoever called from_pretrained
    )
