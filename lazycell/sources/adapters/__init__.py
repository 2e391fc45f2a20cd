"""Adapters: small tensors that change a model's own, merged into them as they are read. Needs no MindSpore."""

from typing import TYPE_CHECKING

from ..._face import face

if TYPE_CHECKING:
    from ._adapter import Adapter as Adapter
    from ._adapter import Adapters as Adapters
    from ._adapter import read_adapters as read_adapters
    from ._adapter_config import CONFIG as CONFIG
    from ._adapter_directory import adapter_file as adapter_file
    from ._adapter_directory import base_named as base_named
    from ._adapter_directory import told_in as told_in
    from ._merged import merged as merged
    from ._tied_changes import refuse_tied as refuse_tied
else:
    __getattr__ = face(__name__)
