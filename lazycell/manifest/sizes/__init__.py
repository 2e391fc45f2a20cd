"""How much memory a model takes, before anything is built. Needs no MindSpore."""

from typing import TYPE_CHECKING

from ..._face import face

if TYPE_CHECKING:
    from ._cache_sizes import cache_table as cache_table
    from ._optimizers import OPTIMIZERS as OPTIMIZERS
    from ._size import Size as Size
    from ._sizes import Sizes as Sizes
    from ._sizes import rank_rows as rank_rows
    from ._sizes import sizes_json as sizes_json
    from ._sizes import sizes_notes as sizes_notes
    from ._sizes import sizes_table as sizes_table
    from ._sizes import sizes_title as sizes_title
else:
    __getattr__ = face(__name__)
