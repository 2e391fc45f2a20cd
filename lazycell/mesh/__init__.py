"""Ranks in a mesh, and what of a parameter each of them has. Plain data: needs neither MindSpore nor numpy."""

from typing import TYPE_CHECKING

from .._face import face

if TYPE_CHECKING:
    from ._axes import tied_apart as tied_apart
    from ._axes import unknown_axis as unknown_axis
    from ._boxes import Box as Box
    from ._boxes import Place as Place
    from ._division import Division as Division
    from ._division import Listed as Listed
    from ._division import On as On
    from ._division import Owner as Owner
    from ._mesh import Mesh as Mesh
    from ._mesh import checked_mesh as checked_mesh
    from ._mesh import dividing_mesh as dividing_mesh
    from ._mesh import mesh_in_force as mesh_in_force
    from ._mesh import mesh_text as mesh_text
    from ._mesh import sizes_of_meshes as sizes_of_meshes
    from ._share import Share as Share
    from ._share import axes_of_shares as axes_of_shares
    from ._share import parts_of as parts_of
    from ._share import positions_of as positions_of
    from ._share import shares_told_by as shares_told_by
else:
    __getattr__ = face(__name__)
