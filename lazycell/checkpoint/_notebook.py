"""Plans and reports of loads in a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import _html
from .._collapse import collapse
from ._plan import left_over, migration_rows, plan_rows, plan_title
from ._report import report_rows, report_title

if TYPE_CHECKING:
    from ._plan import LoadPlan
    from ._report import LoadReport


@_html.harmless
def plan_html(plan: LoadPlan) -> str:
    """Show what a load will do; parameters that are alike in one row."""
    parts = [_html.title(plan_title(plan))]
    rows = list(plan_rows(plan))
    if rows:
        parts.append(_html.table(("parameter", "shape", "dtype", ""), rows))
    for title, names in left_over(plan):
        parts.append(_html.table((title,), [(pattern,) for pattern, _ in collapse(names)]))
    if plan.migrated:
        parts.append(_html.table(("migrated", ""), migration_rows(plan.migrated)))
    return _html.block(parts)


@_html.harmless
def load_report_html(report: LoadReport) -> str:
    """Show what a load did; parameters that are alike in one row."""
    rows = report_rows(report)
    return _html.block([_html.title(report_title(report)), *([_html.table((), rows)] if rows else [])])
