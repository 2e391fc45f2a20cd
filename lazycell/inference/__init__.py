"""From the shapes in a checkpoint to the hyperparameters of a class. Needs no MindSpore."""

from typing import TYPE_CHECKING

from .._face import face

if TYPE_CHECKING:
    from ._inference import Inference as Inference
    from ._inference import infer as infer
    from ._inference import inference_rows as inference_rows
    from ._inference import inference_title as inference_title
    from ._inference import inference_verdict as inference_verdict
    from ._trace import declared_sizes as declared_sizes
else:
    __getattr__ = face(__name__)
