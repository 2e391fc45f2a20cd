"""One self-contained page to look at a model with: a tree of its parameters beside a map of their bytes."""

from typing import TYPE_CHECKING

from .._face import face

if TYPE_CHECKING:
    from ._data import View as View
    from ._page import page as page
    from ._tree import TREE_TITLES as TREE_TITLES
    from ._tree import tree_of as tree_of
    from ._tree import tree_rows as tree_rows
    from ._view import compared_view as compared_view
    from ._view import view_of as view_of
else:
    __getattr__ = face(__name__)
