"""From arrays to a checkpoint on disk: whole or not at all, with checksums. Needs no MindSpore."""

from typing import TYPE_CHECKING

from .._face import face

if TYPE_CHECKING:
    from ._adapter_files import ADAPTER_PREFIX as ADAPTER_PREFIX
    from ._adapter_files import AdapterFacts as AdapterFacts
    from ._adapter_files import write_adapter as write_adapter
    from ._checksums import verify_checksums as verify_checksums
    from ._companion import Companion as Companion
    from ._convert import convert as convert
    from ._destination import Destination as Destination
    from ._destination import destination_of as destination_of
    from ._destination import floating_dtype as floating_dtype
    from ._output import Content as Content
    from ._output import content_of_array as content_of_array
    from ._save import Losses as Losses
    from ._save import SaveReport as SaveReport
    from ._save import save as save
    from ._save_parts import save_parts as save_parts
    from ._verify import verify as verify
    from ._write_ckpt import Encrypt as Encrypt
else:
    __getattr__ = face(__name__)
