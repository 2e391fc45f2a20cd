"""What was inferred from a checkpoint, in a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..show import _html
from ._inference import inference_rows, inference_title, inference_verdict

if TYPE_CHECKING:
    from ._inference import Inference


@_html.harmless
def inference_html(inference: Inference) -> str:
    """Show the hyperparameters that shapes tell, those that they cannot tell, and whether a model with them fits."""
    tables = (_html.table((title, ""), rows) for title, rows in inference_rows(inference))
    return _html.block([_html.title(inference_title(inference)), *tables, _html.lines(inference_verdict(inference))])
