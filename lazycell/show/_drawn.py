"""What is drawn in a terminal; whoever writes to a file or a pipe does not wait for what draws."""

from typing import TYPE_CHECKING

from .._face import face

if TYPE_CHECKING:
    from ._draw import draw_rows as draw_rows
    from ._draw import draw_tree as draw_tree
    from ._draw import progress as progress
    from ._draw import spinner as spinner
else:
    __getattr__ = face(__name__)
