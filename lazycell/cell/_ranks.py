"""What building a cell on a mesh needs: which of its parameters and children this rank has, and what of them."""

from typing import TYPE_CHECKING

from .._face import face

if TYPE_CHECKING:
    from ._foreign_parts import check_cells as check_cells
    from ._foreign_parts import check_parts as check_parts
    from ._foreign_parts import refuse_other_parameters as refuse_other_parameters
    from ._mesh_manifest import with_wholes as with_wholes
    from ._on_mesh import SomeCells as SomeCells
    from ._on_mesh import check_axes as check_axes
    from ._on_mesh import elsewhere as elsewhere
    from ._on_mesh import for_plain_cell as for_plain_cell
    from ._on_mesh import on_this_rank as on_this_rank
    from ._on_mesh import part_of as part_of
    from ._ties_on_mesh import ties_here as ties_here
else:
    __getattr__ = face(__name__)
