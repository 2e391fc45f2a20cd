"""From a declaration and hyperparameters to a `Manifest`, with nothing built. Needs no MindSpore."""

from typing import TYPE_CHECKING

from .._face import callable_package, face

if TYPE_CHECKING:
    from ._bind import DEFAULT_DTYPE as DEFAULT_DTYPE
    from ._bind import bind_values as bind_values
    from ._bind import convert as convert
    from ._calls import bind as bind
    from ._calls import bind_child as bind_child
    from ._calls import call_text as call_text
    from ._calls import complete as complete
    from ._calls import is_given_dtype as is_given_dtype
    from ._grouping import groups_on as groups_on
    from ._grouping import places_on as places_on
    from ._inventory import DIGEST as DIGEST
    from ._inventory import digest_of as digest_of
    from ._manifest import Manifest as Manifest
    from ._manifest import manifest_of_header as manifest_of_header
    from ._outline import Outline as Outline
    from ._outline import Sheet as Sheet
    from ._outline import cells_of_class as cells_of_class
    from ._outline import entry_of as entry_of
    from ._outline import fields_of as fields_of
    from ._outline import hyperparameters_of as hyperparameters_of
    from ._outline import manifest_of_class as manifest_of_class
    from ._outline import manifest_of_outline as manifest_of_outline
    from ._outline import outline_of as outline_of
    from ._outline import resolve_call as resolve_call
    from ._rank_groups import Group as Group
    from ._rank_groups import RankGroups as RankGroups
    from ._rank_parts import divisions_among as divisions_among
    from ._rank_parts import divisions_of as divisions_of
    from ._resolve import Resolved as Resolved
    from ._resolve import ResolvedChild as ResolvedChild
    from ._resolve import ResolvedParameter as ResolvedParameter
    from ._resolve import resolve as resolve
    from ._resolve import resolve_bound as resolve_bound
    from ._tensors import known_names as known_names
    from ._tensors import stored_tensors as stored_tensors
    from ._text import alike as alike
    from ._text import called as called
    from ._text import parameters_html as parameters_html
    from ._text import totals as totals
    from .file._one_entry import entry_from_json as entry_from_json
    from .file._one_entry import entry_to_json as entry_to_json
else:
    __getattr__ = face(__name__)
    callable_package(__name__, "lazycell.cell._any_cell", "manifest")
