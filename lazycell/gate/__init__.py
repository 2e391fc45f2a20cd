"""What is committed against what is now: manifests, and checkpoints of before. Needs no MindSpore."""

from typing import TYPE_CHECKING

from .._face import face

if TYPE_CHECKING:
    from ._acceptance import finish_accepted as finish_accepted
    from ._acceptance import is_unfinished as is_unfinished
    from ._acceptance import write_accepted as write_accepted
    from ._candidates import Candidate as Candidate
    from ._candidates import candidates as candidates
    from ._committed import GROUP as GROUP
    from ._committed import committed_manifests as committed_manifests
    from ._committed import manifest_directory as manifest_directory
    from ._committed import manifest_file as manifest_file
    from ._committed import manifests_in as manifests_in
    from ._former_checkpoints import Trial as Trial
    from ._former_checkpoints import try_former_checkpoints as try_former_checkpoints
    from ._gate_log import LOG as LOG
    from ._gate_log import entry_of as entry_of
    from ._gate_log import read_log as read_log
    from ._hold import Held as Held
    from ._hold import golden_text as golden_text
    from ._hold import group_text as group_text
    from ._hold import grouped as grouped
    from ._hold import hold as hold
    from ._hold import names_text as names_text
    from ._migration_of import migrations_of_renames as migrations_of_renames
    from ._names_since import names_since as names_since
else:
    __getattr__ = face(__name__)
