"""A manifest as JSON: one text for one manifest, and read back. Needs no MindSpore."""

from typing import TYPE_CHECKING

from ..._face import face

if TYPE_CHECKING:
    from ._canonical_values import plain as plain
    from ._diff_json import diff_json as diff_json
    from ._expand import BRACES as BRACES
else:
    __getattr__ = face(__name__)
