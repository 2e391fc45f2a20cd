"""Filling all parameters of a load, or none: whatever goes wrong, an interrupt included, is undone.

What can fail is done before the first parameter changes. The changes themselves are made in a thread of their own:
Python runs signal handlers in the main thread only, so that no interrupt can strike between two of them. It strikes
where the caller waits, which then has them undone. Each change is noted, with the way back, before it is made.
"""

from __future__ import annotations

import _thread
import sys
from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar, overload

import numpy as np
from mindspore import Tensor

from .._collector import collector_paused
from .._errors import CheckpointError
from .._frozen import frozen
from . import _framework as framework
from ._filled import LazyParameter, copy_of, write_into
from ._filling import filling
from ._life import Mark, Origin
from ._without_values import WithoutValues, title, wrong_shape

_T = TypeVar("_T")

_BLOCK = 1 << 18
"""Bytes that are exchanged at a time: three such blocks stay in a core's cache."""


@frozen
class Assignment:
    """The values that one parameter is to have.

    Attributes:
        parameter: any Parameter of a net. In one that has values of this dtype they are exchanged with those in
            `values`, so that compiled graphs see the new ones; any other (it has none, its dtype changes, it is a view
            of a part of a tensor) takes the memory of `values` as it is.
        values: of the parameter's shape, in memory that nobody else reads or writes, then or later. Their dtype becomes
            the parameter's. An array that is read-only, not contiguous, or not aligned to its element size is copied
            first: MindSpore would crash on it.
        origin: for the record.
    """

    parameter: Any
    values: np.ndarray[Any, Any]
    origin: Origin


@overload
def fill_all(assignments: Iterable[Assignment], marks: Iterable[Mark] = ()) -> None: ...
@overload
def fill_all(assignments: Iterable[Assignment], marks: Iterable[Mark] = (), *, finish: Callable[[], _T]) -> _T: ...
def fill_all(assignments: Iterable[Assignment], marks: Iterable[Mark] = (), *, finish: Any = None) -> Any:
    """Give all parameters their values, or, if anything fails or interrupts, leave all as they were.

    Args:
        assignments: the values. Their arrays have no defined content afterwards.
        marks: attributes to set with them.
        finish: called when all is done, in another thread; if it fails, all is undone.

    Returns:
        What `finish` returned.

    Raises:
        ValueError: wrong shape.
        CheckpointError: MindSpore has no tensors of an array's dtype.
    """
    with collector_paused():
        changes = _Changes([_prepared(each) for each in assignments], tuple(marks), finish)
    try:
        with filling:  # for the thread that makes the changes, which does not ask for it
            _Worker(changes.make).finish(changes)
            if changes.failure is not None:
                raise changes.failure
        return changes.result
    except BaseException:
        with filling:
            # The interrupt may have struck when all was done.
            try:
                _Worker(changes.undo).finish(changes)
            except BaseException:  # another interrupt (the first is raised), or no thread can be started
                changes.undo()
        raise


def _tensor_of(array: np.ndarray[Any, Any], parameter: Any) -> Tensor:
    """Give the Tensor that shares an array's memory, or a copy's where MindSpore would crash on the array.

    Args:
        array: of any dtype that lazycell knows.
        parameter: what it is for, for the message.

    Raises:
        CheckpointError: MindSpore has no tensors of its dtype.
    """
    flags = array.flags
    usable = array if flags.c_contiguous and flags.aligned and flags.writeable else np.array(array, order="C")
    try:
        return framework.tensor_of(usable)
    except (TypeError, ValueError, RuntimeError) as error:
        raise CheckpointError(
            f"{title(parameter)}: MindSpore makes no tensor of {array.dtype.name} values: load with "
            'dtype="cast", into a model of another dtype'
        ) from error


def _prepared(assignment: Assignment) -> _Prepared:
    """Do everything for one parameter that can fail."""
    parameter, values = assignment.parameter, assignment.values
    if values.shape != parameter.shape:
        raise wrong_shape(parameter, values.shape)
    return parameter, _tensor_of(values, parameter), assignment.origin


_Prepared = tuple[Any, Tensor, Origin]
_ABSENT = object()


class _Changes(Generic[_T]):
    """The changes of one load, and the ways back from those that were made."""

    def __init__(self, prepared: list[_Prepared], marks: tuple[Mark, ...], finish: Callable[[], _T] | None) -> None:
        self._prepared = prepared
        self._marks = marks
        self._finish = finish
        self._ways_back: list[tuple[Any, ...]] = []  # a function and its arguments, each noted before its change
        self.stopped = False  # set from another thread
        self.failure: BaseException | None = None
        self.result: _T | None = None

    def make(self) -> None:
        """Make all changes; what fails is kept as `failure`. If it fails, or is stopped, everything is undone."""
        try:
            with collector_paused():
                for parameter, tensor, origin in self._prepared:
                    if self.stopped:
                        break
                    self._fill(parameter, tensor, origin)
                for mark in self._marks:
                    self._set(mark)
                if self._finish is not None and not self.stopped:
                    self.result = self._finish()
        except BaseException as error:
            self.failure = error
        if self.stopped or self.failure is not None:
            self.undo()

    def undo(self) -> None:
        """Undo what was done, the last first. Without effect where nothing is left to undo."""
        while self._ways_back:
            back, *arguments = self._ways_back[-1]
            back(*arguments)
            self._ways_back.pop()

    def _fill(self, parameter: Any, tensor: Tensor, origin: Origin) -> None:
        attributes = parameter.__dict__
        if parameter.init is not None:
            self._ways_back.append((_declare_again, parameter, type(parameter), parameter.dtype, parameter.init))
            self._ways_back.append((_set_attributes, attributes, attributes.copy(), parameter, parameter.init_flag))
            parameter.init = None
            parameter.init_flag = False
            attributes["init_mode"] = None
            if issubclass(type(parameter), WithoutValues):
                parameter.__class__ = LazyParameter
            framework.take_storage(parameter, tensor)
        else:
            self._ways_back.append((_set_attributes, attributes, attributes.copy(), parameter, parameter.init_flag))
            if tensor.dtype == parameter.dtype and not framework.is_view(parameter):
                self._write(parameter, tensor)
            else:
                self._ways_back.append((framework.take_storage, parameter, framework.storage_of(parameter)))
                framework.take_storage(parameter, tensor)
        attributes["_origin"] = origin
        attributes.pop("_left_by_checkpoint", None)

    def _write(self, parameter: Any, tensor: Tensor) -> None:
        """Put the values of `tensor` where those of `parameter` are."""
        memory = framework.host_memory(parameter)
        if memory is None:  # on a device
            self._ways_back.append((write_into, parameter, copy_of(parameter)))
            write_into(parameter, tensor)
            return
        exchange = _Exchange(memory, framework.host_memory(tensor))
        self._ways_back.append((exchange.undo,))
        exchange.run(self)

    def _set(self, mark: Mark) -> None:
        attributes = mark.target.__dict__
        self._ways_back.append((_set_attribute, attributes, mark.name, attributes.get(mark.name, _ABSENT)))
        attributes[mark.name] = mark.value


def _declare_again(parameter: Any, kind: type, dtype: Any, initializer: Any) -> None:
    framework.take_storage(parameter, Tensor(shape=parameter.shape, dtype=dtype, init=initializer))
    parameter.init = initializer
    parameter.__class__ = kind


def _set_attributes(attributes: dict[str, Any], former: dict[str, Any], parameter: Any, flag: bool) -> None:
    parameter.init_flag = flag
    attributes.clear()
    attributes.update(former)


def _set_attribute(attributes: dict[str, Any], name: str, value: Any) -> None:
    if value is _ABSENT:
        attributes.pop(name, None)
    else:
        attributes[name] = value


class _Exchange:
    """The bytes of two arrays change places, block by block: to go back needs no second copy of the values.

    Args:
        one: bytes.
        other: as many.
    """

    def __init__(self, one: Any, other: Any) -> None:
        self._one, self._other = one, other
        self._spare: Any = np.empty(min(_BLOCK, one.size), np.uint8)
        self._done = 0

    def run(self, changes: _Changes[Any]) -> None:
        """Exchange them, until the changes are stopped."""
        while self._done < self._one.size and not changes.stopped:
            self._block(self._done)
            self._done += _BLOCK

    def undo(self) -> None:
        """Change back what was exchanged."""
        while self._done:
            self._block(self._done - _BLOCK)
            self._done -= _BLOCK

    def _block(self, start: int) -> None:
        one, other = self._one[start : start + _BLOCK], self._other[start : start + _BLOCK]
        spare = self._spare[: one.size]
        np.copyto(spare, one)
        np.copyto(one, other)
        np.copyto(other, spare)


# A signal handler may load while the load that it interrupts goes on in its thread.
_one_at_a_time = _thread.allocate_lock()


class _Worker:
    """One piece of work in a thread of its own, while this one waits for its end, come what may."""

    def __init__(self, work: Callable[[], None]) -> None:
        self._work = work
        self._asked = False
        self._claims: dict[str, str] = {}  # `setdefault` settles, once and for all, whether the work will be done
        self._done = _thread.allocate_lock()
        self._done.acquire()
        self._finished = False

    def finish(self, changes: _Changes[Any]) -> None:
        """Have the work done, and give no heed to interrupts until it is.

        Args:
            changes: `stopped` if an exception strikes.

        Raises:
            BaseException: the first that struck.
        """
        struck: BaseException | None = None
        before = sys.exc_info()[1]
        # Two loops: a second signal may be waiting, to strike in the handler of the first.
        while not self._finished:
            try:
                while not self._finished:
                    try:
                        self._wait()
                    except BaseException as error:
                        changes.stopped = True
                        struck = error if struck is None else struck
            except BaseException as error:
                changes.stopped = True
                if struck is None:  # Python 3.10 looks for signals before a handler's first instruction
                    first = error.__context__
                    struck = error if first is None or first is before else first
        if struck is not None:
            raise struck

    def _wait(self) -> None:
        if not self._asked:
            self._asked = True
            # Not `threading.Thread`, whose `start` waits in Python code that an interrupt leaves in disorder.
            _thread.start_new_thread(self._run, ())
        elif self._claims.setdefault("doer", "nobody") == "nobody":  # interrupted before it began
            self._finished = True
            return
        self._done.acquire()

    def _run(self) -> None:
        try:
            if self._claims.setdefault("doer", "thread") == "thread":
                with _one_at_a_time:
                    self._work()
        finally:
            self._finished = True
            self._done.release()
