"""The state of a net's parameters in a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import _html
from ._lifecycle import STATUS_TITLES, status_row, status_totals

if TYPE_CHECKING:
    from ._lifecycle import Status


@_html.harmless
def status_html(status: Status) -> str:
    """Show how many parameters are in each state, and, to be opened, each of them."""
    rows = [status_row(entry) for entry in status.values()]
    return _html.folded(status_totals(status), _html.table(STATUS_TITLES, rows, right=(4,)))
