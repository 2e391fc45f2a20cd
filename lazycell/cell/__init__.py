"""From a declaration to a cell: the metaclass, building, and carrying out load plans."""

from typing import TYPE_CHECKING

from .._face import face

if TYPE_CHECKING:
    from ._as_named import manifest_for as manifest_for
    from ._built_with import hyperparameters_of_net as hyperparameters_of_net
    from ._load_checkpoint import load_checkpoint as load_checkpoint
    from ._naming import naming_of as naming_of
    from ._naming import plan_for as plan_for
    from ._net_html import net_html as net_html
    from ._net_manifest import built_again as built_again
    from ._net_manifest import cells_of_call as cells_of_call
    from ._net_manifest import manifest_of_call as manifest_of_call
    from ._net_manifest import manifest_of_net as manifest_of_net
    from ._net_text import sizes_text as sizes_text
    from ._save_checkpoint import save_checkpoint as save_checkpoint
    from ._save_pretrained import save_pretrained as save_pretrained
    from ._switch import load_adapter as load_adapter
    from ._switch import set_adapter as set_adapter
    from ._torch_names import TorchNames as TorchNames
    from ._torch_names import torch_names_of as torch_names_of
else:
    __getattr__ = face(__name__)
