"""What several ranks do together, each with its part: imported where a net has a mesh."""

from typing import TYPE_CHECKING

from .._face import face

if TYPE_CHECKING:
    from ._load_on_mesh import load_on_mesh as load_on_mesh
    from ._save_on_mesh import save_on_mesh as save_on_mesh
else:
    __getattr__ = face(__name__)
