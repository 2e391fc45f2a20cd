"""The demo: a real checkpoint, sentences, and what laziness saves."""

from typing import TYPE_CHECKING

from .._face import face

if TYPE_CHECKING:
    from ._demo_output import Saved as Saved
    from ._demo_output import declared_text as declared_text
    from ._demo_output import loaded_text as loaded_text
    from ._demo_output import manifest_data as manifest_data
    from ._demo_output import pairs_text as pairs_text
    from ._demo_output import saved_data as saved_data
    from ._demo_output import saved_text as saved_text
    from ._examples import SENTENCES as SENTENCES
    from ._measure import RUNS as RUNS
    from ._measure import WAYS as WAYS
    from ._measure import measure as measure
    from ._minilm import CHECKPOINT as CHECKPOINT
    from ._minilm import declared as declared
    from ._minilm import directory as directory
    from ._sentences import embed as embed
    from ._sentences import nearest_pairs as nearest_pairs
    from ._sentences import tokenize as tokenize
else:
    __getattr__ = face(__name__)
