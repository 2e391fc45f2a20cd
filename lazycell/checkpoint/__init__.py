"""From a manifest and headers to a `LoadPlan`, and from that to arrays. Needs no MindSpore."""

from ._fit import make_plan
from ._plan import LoadPlan, LoadStep, Piece
from ._report import Cast, LoadReport, Rearranged, Renamed
from ._stage import stage
from ._ties import check_ties

__all__ = [
    "Cast",
    "LoadPlan",
    "LoadReport",
    "LoadStep",
    "Piece",
    "Rearranged",
    "Renamed",
    "check_ties",
    "make_plan",
    "stage",
]
