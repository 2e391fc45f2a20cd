"""Initial values: what they are is decided by seed, name, law and position alone. Needs no MindSpore."""

from typing import TYPE_CHECKING

from .._face import face

if TYPE_CHECKING:
    from ._fans import fan as fan
    from ._fans import fans as fans
    from ._fans import gain as gain
    from ._fill import DTYPES as DTYPES
    from ._fill import Job as Job
    from ._fill import fill as fill
    from ._fill import values as values
    from ._laws import Constant as Constant
    from ._laws import Dirac as Dirac
    from ._laws import Elementwise as Elementwise
    from ._laws import Identity as Identity
    from ._laws import Law as Law
    from ._laws import Normal as Normal
    from ._laws import Orthogonal as Orthogonal
    from ._laws import Sparse as Sparse
    from ._laws import TruncatedNormal as TruncatedNormal
    from ._laws import Uniform as Uniform
    from ._words import stream_key as stream_key
else:
    __getattr__ = face(__name__)
