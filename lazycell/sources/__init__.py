"""Views over a checkpoint's header: codes as the floats that they are, weights with adapters. Needs no MindSpore."""

from typing import TYPE_CHECKING

from .._face import face

if TYPE_CHECKING:
    from . import adapters as adapters
    from ._dequantized import dequantized as dequantized
    from ._dequantized import view_of as view_of
    from ._elements import read_elements as read_elements
    from ._floats_view import View as View
    from ._quantization_config import check_quantization as check_quantization
    from ._quantization_config import quantization_of as quantization_of
    from ._quantization_config import quantization_problem as quantization_problem
    from ._quantized import NO_BLOCKS as NO_BLOCKS
    from ._quantized import NO_CONFIG as NO_CONFIG
    from ._quantized import Quantized as Quantized
    from ._quantized import quantized_tensors as quantized_tensors
else:
    __getattr__ = face(__name__)
