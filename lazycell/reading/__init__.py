"""From bytes in files to arrays in memory: maps, parallel reads, conversion. Needs no MindSpore."""

from typing import TYPE_CHECKING

from .._face import face

if TYPE_CHECKING:
    from ._blocks import Located as Located
    from ._blocks import locate as locate
    from ._cast import CHUNK as CHUNK
    from ._cast import convert_into as convert_into
    from ._cast import overflow_text as overflow_text
    from ._castable import castable as castable
    from ._castable import same_kind as same_kind
    from ._read import Reader as Reader
    from ._read import wrong_length as wrong_length
    from ._runs import SHORTEST as SHORTEST
    from ._runs import part_tasks as part_tasks
    from ._transfer import ITEM as ITEM
    from ._transfer import Destination as Destination
    from ._transfer import MoveEach as MoveEach
    from ._transfer import MoveSmall as MoveSmall
    from ._transfer import MoveWhole as MoveWhole
    from ._transfer import Small as Small
    from ._transfer import Transfer as Transfer
else:
    __getattr__ = face(__name__)
