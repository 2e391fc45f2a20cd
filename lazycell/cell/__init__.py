"""From a declaration to a cell: the metaclass, building, and carrying out load plans."""

from typing import TYPE_CHECKING

from .._face import face

if TYPE_CHECKING:
    from ._net_manifest import cells_of_call as cells_of_call
else:
    __getattr__ = face(__name__)
