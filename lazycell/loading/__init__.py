"""From a manifest and headers to a `LoadPlan`, and from that to arrays. Needs no MindSpore."""

from typing import TYPE_CHECKING

from .._face import face

if TYPE_CHECKING:
    from ._all_ranks import Held as Held
    from ._all_ranks import RankKind as RankKind
    from ._all_ranks import files_of as files_of
    from ._all_ranks import held_by as held_by
    from ._all_ranks import kinds_of_ranks as kinds_of_ranks
    from ._apply_migrations import former_names as former_names
    from ._codes import in_floats as in_floats
    from ._fit import fit as fit
    from ._fit import make_plan as make_plan
    from ._load_report import LoadReport as LoadReport
    from ._options import LoadOptions as LoadOptions
    from ._own_headers import plan_from_own_headers as plan_from_own_headers
    from ._own_headers import reads_own_headers as reads_own_headers
    from ._plan import LOADED as LOADED
    from ._plan import AppliedAdapter as AppliedAdapter
    from ._plan import Loaded as Loaded
    from ._plan import LoadPlan as LoadPlan
    from ._plan import LoadStep as LoadStep
    from ._plan import new_head_text as new_head_text
    from ._rank_plan import cut_plan as cut_plan
    from ._stage import stage as stage
    from ._tie_copies import check_ties as check_ties
    from ._tie_copies import same_bytes as same_bytes
    from ._with_adapters import as_given as as_given
    from ._with_adapters import with_adapters as with_adapters
else:
    __getattr__ = face(__name__)
