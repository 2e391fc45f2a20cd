"""What reads files of ranks: imported when the first index of such is read."""

from typing import TYPE_CHECKING

from .._face import face

if TYPE_CHECKING:
    from ._rank_files import files_in as files_in
    from ._rank_files import read_rank_files as read_rank_files
else:
    __getattr__ = face(__name__)
