"""Views over a checkpoint's header: codes as the floats that they are, weights with adapters. Needs no MindSpore."""

from typing import TYPE_CHECKING

from .._face import face

if TYPE_CHECKING:
    from . import adapters as adapters
    from ._elements import read_elements as read_elements
    from ._quantization_config import quantization_problem as quantization_problem
    from ._quantized import Quantized as Quantized
    from ._quantized import quantized_tensors as quantized_tensors
    from ._scaled import NO_BLOCKS as NO_BLOCKS
    from ._scaled import Blocks as Blocks
    from ._scaled import Scaled as Scaled
    from ._scaled import block_size as block_size
    from ._scaled import blocks_of as blocks_of
    from ._scaled import with_scales as with_scales
else:
    __getattr__ = face(__name__)
