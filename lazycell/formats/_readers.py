"""What reads each kind of file, imported when the first of its kind is read: most are one file of safetensors."""

from typing import TYPE_CHECKING

from .._face import face

if TYPE_CHECKING:
    from ._ckpt import read_ckpt as read_ckpt
    from ._memory import DICT as DICT
    from ._memory import read_arrays as read_arrays
    from ._pytorch import read_pytorch as read_pytorch
    from ._sharded import read_index as read_index
    from ._sharded import read_set as read_set
    from ._third_party import check_header as check_header
    from .gguf._read_gguf import read_gguf as read_gguf
else:
    __getattr__ = face(__name__)
