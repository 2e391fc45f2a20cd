"""What commands answer with, each imported when it is printed: help, refusals and other forms do not wait for it."""

from typing import TYPE_CHECKING

from .._face import face

if TYPE_CHECKING:
    from ._adapter_contents import tell_adapter as tell_adapter
    from ._asked import asked_for as asked_for
    from ._asked import fits_model as fits_model
    from ._card_files import write_card as write_card
    from ._card_files import write_cards as write_cards
    from ._contents import contents_json as contents_json
    from ._contents import print_contents as print_contents
    from ._convert_names import convert_names as convert_names
    from ._gate import accept as accept
    from ._gate import check as check
    from ._infer_words import inference_text as inference_text
    from ._infer_words import inference_words as inference_words
    from ._infer_words import refusal_words as refusal_words
    from ._page_of_check import fitted_page as fitted_page
    from ._page_of_check import refused_page as refused_page
    from ._rank_answers import AllRanks as AllRanks
    from ._shell import in_options as in_options
    from ._show_page import tell_page as tell_page
    from ._show_page import write_page as write_page
    from ._show_sizes import print_sizes as print_sizes
    from ._show_tree import print_text as print_text
    from ._show_tree import print_tree as print_tree
    from ._verdict import mismatch_json as mismatch_json
    from ._verdict import plan_json as plan_json
    from ._verdict import say_no as say_no
else:
    __getattr__ = face(__name__)
