"""From a directory to a model: which class, which hyperparameters, which weights."""

from typing import TYPE_CHECKING

from .._face import face

if TYPE_CHECKING:
    from ._architecture import class_of as class_of
    from ._architecture import text_part as text_part
    from ._base_of_adapter import with_base as with_base
    from ._bookkeeping import is_bookkeeping as is_bookkeeping
    from ._config import SOURCE as SOURCE
    from ._config import Config as Config
    from ._config import completed_by_file as completed_by_file
    from ._config import config_in as config_in
    from ._config import find_config as find_config
    from ._config import gguf_file_at as gguf_file_at
    from ._config import hyperparameters_from_config as hyperparameters_from_config
    from ._config import ignored_keys as ignored_keys
    from ._config import read_config as read_config
    from ._place import find_place as find_place
    from ._place import in_cache as in_cache
    from ._place import repository_named as repository_named
    from ._pretrained import load_pretrained as load_pretrained
    from ._registry import Preset as Preset
    from ._registry import RegisteredModel as RegisteredModel
    from ._registry import available_models as available_models
    from ._registry import find_preset as find_preset
    from ._registry import names_matching as names_matching
    from ._registry import names_with as names_with
    from ._registry import other_names as other_names
    from ._registry import registered_models as registered_models
    from ._stored_tensors import StoredTensors as StoredTensors
    from ._written_config import config_bytes as config_bytes
else:
    __getattr__ = face(__name__)
