"""What is wrong between a checkpoint and a model, grouped, with its likely causes. Needs no MindSpore."""

from typing import TYPE_CHECKING

from .._face import face

if TYPE_CHECKING:
    from ._cause_heads import other_head as other_head
    from ._cause_switches import parted as parted
    from ._causes import likely_causes as likely_causes
    from ._declared_sizes import Again as Again
    from ._declared_sizes import DeclaredSizes as DeclaredSizes
    from ._dialect import PYTHON as PYTHON
    from ._dialect import Argument as Argument
    from ._dialect import Dialect as Dialect
    from ._dialect import said as said
    from ._message import Mismatch as Mismatch
    from ._message import Strangers as Strangers
    from ._mixed_names import mixed_names as mixed_names
    from ._near import NearNames as NearNames
    from ._problems import Cause as Cause
    from ._problems import Problem as Problem
    from ._problems import Reason as Reason
else:
    __getattr__ = face(__name__)
