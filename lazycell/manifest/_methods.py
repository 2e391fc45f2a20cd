"""What the methods of a manifest do, and what few models have: imported when it is called, which most loads do not."""

from typing import TYPE_CHECKING

from .._face import face

if TYPE_CHECKING:
    from ._caches import caches_of as caches_of
    from ._caches import placed as placed
    from ._owners import owners_by_pattern as owners_by_pattern
    from ._owners import owners_of as owners_of
    from ._text import manifest_html as manifest_html
    from ._text import manifest_markdown as manifest_markdown
    from ._text import manifest_text as manifest_text
    from .diff._diff import diff as diff
    from .diff._diff_view import diff_view as diff_view
    from .file._canonical import from_json as from_json
    from .file._canonical import to_json as to_json
    from .sizes._sum_up import sizes_of as sizes_of
else:
    __getattr__ = face(__name__)
