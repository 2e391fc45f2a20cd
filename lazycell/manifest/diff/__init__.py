"""What differs between two manifests. Needs no MindSpore."""

from typing import TYPE_CHECKING

from ..._face import face

if TYPE_CHECKING:
    from ._diff import ManifestDiff as ManifestDiff
    from ._diff_sections import counts as counts
    from ._diff_view import load_view as load_view
else:
    __getattr__ = face(__name__)
