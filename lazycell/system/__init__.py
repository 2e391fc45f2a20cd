"""What the machine gives: threads, files, memory, JSON within bounds. Needs no MindSpore."""

from typing import TYPE_CHECKING

from .._face import face

if TYPE_CHECKING:
    from ._allocate import Array as Array
    from ._allocate import empty as empty
    from ._allocate import populate as populate
    from ._attributes import keep_attributes as keep_attributes
    from ._entry_points import entry_points as entry_points
    from ._json import MAX_BYTES as MAX_BYTES
    from ._json import JSONProblem as JSONProblem
    from ._json import read_bounded as read_bounded
    from ._json import read_object as read_object
    from ._portable import O_BINARY as O_BINARY
    from ._portable import O_CLOEXEC as O_CLOEXEC
    from ._portable import O_NOFOLLOW as O_NOFOLLOW
    from ._portable import O_NONBLOCK as O_NONBLOCK
    from ._portable import flush_directory as flush_directory
    from ._portable import most_descriptors as most_descriptors
    from ._portable import read_at_once as read_at_once
    from ._portable import read_into_at as read_into_at
    from ._portable import rename_over as rename_over
    from ._portable import try_lock as try_lock
    from ._portable import try_share as try_share
    from ._portable import unlock as unlock
    from ._portable import write_at as write_at
    from ._whole_file import sweep_unfinished as sweep_unfinished
    from ._whole_file import write_whole as write_whole
    from ._workers import Scratch as Scratch
    from ._workers import Task as Task
    from ._workers import available_cores as available_cores
    from ._workers import run as run
else:
    __getattr__ = face(__name__)
