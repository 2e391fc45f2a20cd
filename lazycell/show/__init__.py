"""Text for people: tables, units, names that stand for many, HTML for notebooks. Needs no MindSpore."""

from typing import TYPE_CHECKING

from .._face import face

if TYPE_CHECKING:
    from . import html as html
    from . import markdown as markdown
    from ._answer import answer as answer
    from ._answer import complain as complain
    from ._answer import fitted as fitted
    from ._answer import kept_for_answers as kept_for_answers
    from ._answer import put as put
    from ._answer import say as say
    from ._answer import say_json as say_json
    from ._answer import say_lines as say_lines
    from ._answer import width_of as width_of
    from ._collapse import INDEX as INDEX
    from ._collapse import Splits as Splits
    from ._collapse import braces as braces
    from ._collapse import collapse as collapse
    from ._collapse import index_free as index_free
    from ._collapse import is_index as is_index
    from ._draw import draw_tree as draw_tree
    from ._fold import fold as fold
    from ._plain import align as align
    from ._plain import cut as cut
    from ._plain import few as few
    from ._plain import few_lines as few_lines
    from ._plain import format_bytes as format_bytes
    from ._plain import format_seconds as format_seconds
    from ._plain import harmless as harmless
    from ._plain import more as more
    from ._plain import printable as printable
    from ._plain import printable_lines as printable_lines
    from ._print_table import MOST_FOLDED as MOST_FOLDED
    from ._print_table import print_table as print_table
    from ._progress import ProgressBar as ProgressBar
    from ._progress import working as working
    from ._report import Report as Report
    from ._report import Table as Table
    from ._terminal import one_line as one_line
    from ._terminal import paragraph as paragraph
    from ._terminal import table as table
    from ._terminal import terminal_width as terminal_width
else:
    __getattr__ = face(__name__)
