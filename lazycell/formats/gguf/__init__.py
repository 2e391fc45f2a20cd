"""GGUF, the files of llama.cpp: what is in one, and its blocks of codes as the floats that they are.

Read in https://github.com/ggml-org/ggml/blob/master/docs/gguf.md, and in llama.cpp's `gguf.cpp`, `ggml-common.h` and
`ggml-quants.c`.
"""

from typing import TYPE_CHECKING

from ..._face import face

if TYPE_CHECKING:
    from ._file import GgufTensor as GgufTensor
    from ._file import read_file as read_file
    from ._metadata import Length as Length
    from ._model_config import config_of as config_of
    from ._model_config import why_no_config as why_no_config
    from ._read_gguf import read_gguf as read_gguf
    from ._types import why_not_computed as why_not_computed
else:
    __getattr__ = face(__name__)
