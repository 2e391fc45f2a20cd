"""From a class body to a `Declaration`: the language. Needs no MindSpore."""

from typing import TYPE_CHECKING

from .._face import face

if TYPE_CHECKING:
    from ._check_tie import check_tie as check_tie
    from ._class_body import ClassBody as ClassBody
    from ._class_doc import class_doc as class_doc
    from ._declaration import Declaration as Declaration
    from ._declaration import assemble as assemble
    from ._declaration import declaration_of as declaration_of
    from ._declaration import declaration_of_child as declaration_of_child
    from ._declaration import declares as declares
    from ._declaration import expressions_of as expressions_of
    from ._declaration import names_of as names_of
    from ._declaration import own_rules as own_rules
    from ._declaration import parameter_specs as parameter_specs
    from ._declaration import symbols_of as symbols_of
    from ._declare import NOTHING as NOTHING
    from ._declare import CacheSpec as CacheSpec
    from ._declare import ChildrenSpec as ChildrenSpec
    from ._declare import ChildSpec as ChildSpec
    from ._declare import Conditional as Conditional
    from ._declare import Declared as Declared
    from ._declare import Hyperparameter as Hyperparameter
    from ._declare import ParameterSpec as ParameterSpec
    from ._declare import Requirement as Requirement
    from ._declare import Tie as Tie
    from ._declare import initializer_text as initializer_text
    from ._declare import is_cell as is_cell
    from ._evaluate import brief as brief
    from ._evaluate import decided as decided
    from ._evaluate import evaluated as evaluated
    from ._evaluate import evaluated_parts as evaluated_parts
    from ._evaluate import with_values as with_values
    from ._forms import Fused as Fused
    from ._forms import Node as Node
    from ._forms import Reshaped as Reshaped
    from ._forms import Transposed as Transposed
    from ._forms import Unary as Unary
    from ._forms import form_text as form_text
    from ._forms import leaves as leaves
    from ._forms import replace_leaves as replace_leaves
    from ._forms import replace_nodes as replace_nodes
    from ._forms import shapes_in as shapes_in
    from ._generate import make_init as make_init
    from ._halves import Direction as Direction
    from ._halves import Half as Half
    from ._halves import Magnitude as Magnitude
    from ._halves import other_spelling as other_spelling
    from ._parse import parse as parse
    from ._patterns import Pattern as Pattern
    from ._patterns import captures_in as captures_in
    from ._patterns import fill as fill
    from ._patterns import parse_pattern as parse_pattern
    from ._post_init import do_nothing_more as do_nothing_more
    from ._post_init import does_more as does_more
    from ._read_body import read_body as read_body
    from ._squeezed import Expanded as Expanded
    from ._squeezed import Squeezed as Squeezed
    from ._squeezed import squeezed as squeezed
    from ._stored_rule import Leaf as Leaf
    from ._stored_rule import StoredRule as StoredRule
    from ._stored_rule import parse_leaf as parse_leaf
    from ._stored_rule import split_section as split_section
    from ._symbols import Attribute as Attribute
    from ._symbols import Call as Call
    from ._symbols import Choice as Choice
    from ._symbols import Expression as Expression
    from ._symbols import Item as Item
    from ._symbols import Name as Name
    from ._symbols import Operation as Operation
    from ._symbols import call as call
    from ._symbols import choose as choose
    from ._symbols import evaluate as evaluate
    from ._symbols import is_symbolic as is_symbolic
    from ._symbols import look_inside as look_inside
    from ._symbols import names_in as names_in
    from ._symbols import operate as operate
    from ._symbols import render as render
    from ._symbols import sections_of as sections_of
    from ._symbols import symbol as symbol
    from ._torch_rules import made_rules as made_rules
    from ._torch_rules import take_alike as take_alike
    from ._torch_rules import torch_rules as torch_rules
    from ._unused import UNUSED as UNUSED
    from ._unused import Former as Former
    from ._walk import below as below
    from ._walk import each_once as each_once
    from ._walk import places as places
else:
    __getattr__ = face(__name__)
