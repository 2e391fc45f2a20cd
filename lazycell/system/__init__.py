"""What the machine gives: threads, files, memory, JSON within bounds. Needs no MindSpore."""

from typing import TYPE_CHECKING

from .._face import face

if TYPE_CHECKING:
    from ._allocate import Array as Array
    from ._allocate import empty as empty
    from ._allocate import populate as populate
    from ._bounded import read_bounded as read_bounded
    from ._descriptors import most_descriptors as most_descriptors
    from ._entry_points import entry_points as entry_points
    from ._json import MAX_BYTES as MAX_BYTES
    from ._json import JSONProblem as JSONProblem
    from ._json import read_object as read_object
    from ._whole_file import write_whole as write_whole
    from ._workers import Scratch as Scratch
    from ._workers import Task as Task
    from ._workers import available_cores as available_cores
    from ._workers import run as run
else:
    __getattr__ = face(__name__)
