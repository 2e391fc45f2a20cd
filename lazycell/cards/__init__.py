"""Model cards: Markdown pages that say what a model is, made of its manifest and its preset. Needs no MindSpore."""

from typing import TYPE_CHECKING

from .._face import face

if TYPE_CHECKING:
    from ._card import card_of as card_of
    from ._family_page import family_pages as family_pages
    from ._subject import Subject as Subject
else:
    __getattr__ = face(__name__)
