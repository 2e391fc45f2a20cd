"""A buffer that is computed, not saved: a Tensor without values until it is needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mindspore import Tensor
from mindspore.common.initializer import Initializer

from .._dtypes import dtype_name
from . import _framework as framework
from ._filling import initialize_parameter, needs_no_seed, storage_for, take
from ._life import Origin
from ._part import record_of_part
from ._without_values import WithoutValues, read_too_early


@framework.known_to_graphs
class UninitializedBuffer(WithoutValues, Tensor):
    """A non-persistent buffer that is computed when it is first read: a Tensor without values, never saved.

    It is registered by `Cell.register_buffer(name, buffer, persistent=False)`.
    """

    _initializer: Initializer
    _declared_dtype: str

    def _need_values(self, reader: str) -> None:
        # Of other values no checkpoint has any, so whoever reads them need not wait.
        if not needs_no_seed(self):  # its stream has the name that it has in a net
            raise read_too_early(self, reader)
        initialize_parameter(self)

    def init_data(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the buffer, in place."""
        initialize_parameter(self)
        return self

    def _twin(self, dtype: Any) -> Any:
        twin = declare_buffer(self._initializer, self.shape, framework.framework_dtype(self._declared_dtype))
        twin.__dict__.update(record_of_part(self))
        if dtype is not None:
            twin.set_dtype(dtype)
        return twin

    def _overwrite(self, run: Callable[[], Any], operator: str) -> Any:
        take(self, storage_for(self), Origin("assigned", operator))
        return run()

    def __repr__(self) -> str:
        return f"UninitializedBuffer(shape={tuple(self.shape)}, dtype={dtype_name(self.dtype)})"

    __str__ = __repr__

    def __deepcopy__(self, memo: Any) -> Any:
        return self._twin(self.dtype)

    def __reduce_ex__(self, protocol: Any) -> Any:
        form = (self._initializer, self.shape, self._declared_dtype, dtype_name(self.dtype))
        return _remake_buffer, (*form, dict(record_of_part(self)))


def declare_buffer(initializer: Initializer, shape: tuple[int, ...], dtype: Any) -> UninitializedBuffer:
    """Make a buffer without values: a Tensor, not a Parameter."""
    buffer = Tensor(shape=shape, dtype=dtype, init=initializer)
    buffer.__class__ = UninitializedBuffer
    buffer._initializer, buffer._declared_dtype = initializer, dtype_name(dtype)
    return buffer


def _remake_buffer(
    initializer: Initializer,
    shape: tuple[int, ...],
    declared_dtype: str,
    dtype: str,
    part: Mapping[str, Any] | None = None,
) -> Any:
    buffer = declare_buffer(initializer, shape, framework.framework_dtype(declared_dtype))
    buffer.__dict__.update(part or {})
    return buffer._twin(framework.framework_dtype(dtype))
