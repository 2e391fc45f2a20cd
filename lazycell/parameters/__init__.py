"""Parameters without values: what they are, how they get values, and what is born without."""

from typing import TYPE_CHECKING

from .._face import face

if TYPE_CHECKING:
    from ._buffer import declare_buffer as declare_buffer
    from ._commit import Assignment as Assignment
    from ._commit import fill_all as fill_all
    from ._declared import declare as declare
    from ._device import computes as computes
    from ._device import device as device
    from ._device import warn_before_execution as warn_before_execution
    from ._encryption import cipher_mode as cipher_mode
    from ._encryption import decryption as decryption
    from ._encryption import encrypt as encrypt
    from ._filled import LazyParameter as LazyParameter
    from ._foreign import ComputedTable as ComputedTable
    from ._foreign import draw as draw
    from ._framework import FrameworkType as FrameworkType
    from ._framework import buffers_of as buffers_of
    from ._framework import cells_of as cells_of
    from ._framework import expect_first_call as expect_first_call
    from ._framework import forget_compiled as forget_compiled
    from ._framework import framework_dtype as framework_dtype
    from ._framework import initialize_cell as initialize_cell
    from ._framework import initializer_classes as initializer_classes
    from ._framework import keep_base_class_when_rewriting as keep_base_class_when_rewriting
    from ._framework import launches_blocking as launches_blocking
    from ._framework import names_looked_up as names_looked_up
    from ._framework import numpy_values as numpy_values
    from ._framework import parameters_in_groups as parameters_in_groups
    from ._framework import parameters_of as parameters_of
    from ._framework import parts_of as parts_of
    from ._framework import set_launches_blocking as set_launches_blocking
    from ._framework import structure_of as structure_of
    from ._framework import tensor_of as tensor_of
    from ._framework import unsaved_buffers_of as unsaved_buffers_of
    from ._initial import explained as explained
    from ._initial import law_in as law_in
    from ._lazy import building as building
    from ._lazy import is_building as is_building
    from ._lazy import lazy as lazy
    from ._lazy import no_init_parameters as no_init_parameters
    from ._life import Mark as Mark
    from ._life import Origin as Origin
    from ._life import left_by_checkpoint as left_by_checkpoint
    from ._life import life_of as life_of
    from ._lifecycle import draw_state as draw_state
    from ._lifecycle import init_parameters_data as init_parameters_data
    from ._lifecycle import initialize_for_execution as initialize_for_execution
    from ._lifecycle import no_values_to_save as no_values_to_save
    from ._lifecycle import refuse_while_saving as refuse_while_saving
    from ._lifecycle import undeclare as undeclare
    from ._part import mark_part as mark_part
    from ._part import mesh_of as mesh_of
    from ._part import part_of as part_of
    from ._status import status as status
    from ._without_values import lacks_values as lacks_values
else:
    __getattr__ = face(__name__)
