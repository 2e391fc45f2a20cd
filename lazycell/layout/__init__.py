"""Names and forms in a file against names and shapes in a net. Needs no MindSpore."""

from typing import TYPE_CHECKING

from .._face import face

if TYPE_CHECKING:
    from ._base_model import BaseModel as BaseModel
    from ._base_model import base_model_of as base_model_of
    from ._cell_rules import CellRules as CellRules
    from ._check_leftovers import check_leftovers as check_leftovers
    from ._check_rules import check_rules as check_rules
    from ._class_leftovers import leftovers_of as leftovers_of
    from ._class_names import has_rules as has_rules
    from ._divided_form import CannotDivide as CannotDivide
    from ._divided_form import division_of as division_of
    from ._divided_form import form_here as form_here
    from ._entry import ManifestEntry as ManifestEntry
    from ._entry import position_of as position_of
    from ._entry import trainable_size as trainable_size
    from ._growth import Growth as Growth
    from ._layout import LAYOUT as LAYOUT
    from ._layout import NAMING as NAMING
    from ._layout import Block as Block
    from ._layout import Form as Form
    from ._layout import Operation as Operation
    from ._layout import Reshape as Reshape
    from ._layout import Slice as Slice
    from ._layout import Stored as Stored
    from ._layout import Transpose as Transpose
    from ._layout import as_reshaped as as_reshaped
    from ._layout import shape_of as shape_of
    from ._layout import with_dtypes as with_dtypes
    from ._layout_text import layout_lines as layout_lines
    from ._leftover_names import Leftover as Leftover
    from ._leftover_names import leftover_names as leftover_names
    from ._norms import PIECE as PIECE
    from ._norms import extents as extents
    from ._norms import slice_norms as slice_norms
    from ._rename import RenameRule as RenameRule
    from ._rename import Renaming as Renaming
    from ._rename import apply_rules as apply_rules
    from ._rename import parse_rules as parse_rules
    from ._stored_names import stored_names as stored_names
else:
    __getattr__ = face(__name__)
