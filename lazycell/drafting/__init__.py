"""From a checkpoint to the source of classes that declare it. Needs MindSpore for the trial of what was written."""

from typing import TYPE_CHECKING

from .._face import face

if TYPE_CHECKING:
    from ._draft import Draft as Draft
    from ._draft import draft as draft
    from ._draft import imported_draft as imported_draft
else:
    __getattr__ = face(__name__)
