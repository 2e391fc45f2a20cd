"""What Python decides about a symbol without asking it: read from the code that is about to.

A symbol is not None, an instance of no other class, and equal to no key: `k is None`, `isinstance(k, int)`,
`kind in {"a", "b"}` and `TABLE.get(kind, 1)` have an answer at once, the same for every net, and `TABLE[kind]` is a
KeyError that only names the symbol. No method of the symbol is called but, for a dict or a set, the one for its hash.
"""

from __future__ import annotations

import dis
from collections.abc import Iterator
from itertools import takewhile
from types import CodeType, FrameType

_SEARCHING = ("get", "pop", "setdefault")
_CALLS = ("CALL", "CALL_METHOD", "PRECALL")  # of Python 3.11, 3.10, and 3.11 in a function that has run often


def is_looked_up(frame: FrameType) -> bool:
    """Tell whether the instruction that `frame` is at looks something up: by a subscript, `in`, or such as `get`."""
    name = dis.opname[frame.f_code.co_code[frame.f_lasti]]
    if name in ("BINARY_SUBSCR", "CONTAINS_OP"):
        return True
    return name in _CALLS and _method_called(frame) in _SEARCHING


def _method_called(frame: FrameType) -> str | None:
    """Give the name of the method that is called: it was loaded before what lies above it, the arguments.

    A conditional expression among them hides it: then nobody is told.
    """
    code = takewhile(lambda each: each.offset <= frame.f_lasti, dis.get_instructions(frame.f_code))
    *before, call = (each for each in code if each.opname != "PRECALL" or each.offset == frame.f_lasti)
    missing = call.arg or 0
    for each in reversed(before):
        if missing == 0:
            return each.argval if each.opname in ("LOAD_METHOD", "LOAD_ATTR") else None
        missing -= dis.stack_effect(each.opcode, each.arg, jump=False)
    return None


def identity_asked(frame: FrameType) -> str | None:
    """Give which of `is` and `isinstance` is asked of the name that `frame` is loading, or None."""
    code, at = frame.f_code, frame.f_lasti
    while dis.opname[code.co_code[at]] == "EXTENDED_ARG":  # where Python 3.10 is, of an instruction that has one
        at += 2
    following = _names_of_operations(code, at + 2)
    name = next(following)
    while name in ("LOAD_ATTR", "LOAD_METHOD"):  # `config.window is None`
        name = next(following)
    if name == "IS_OP" or name.endswith("_NONE"):  # the jump of `if k is None`
        return "is"
    if name in ("LOAD_CONST", "LOAD_NAME", "LOAD_GLOBAL") and next(following) == "IS_OP":
        return "is"
    extended, _, loaded, index = code.co_code[at - 4 : at]
    if dis.opname[loaded] == "LOAD_NAME" and dis.opname[extended] != "EXTENDED_ARG":
        return "isinstance" if code.co_names[index] == "isinstance" else None
    return None


def _names_of_operations(code: CodeType, start: int) -> Iterator[str]:
    for each in code.co_code[start::2]:
        name = dis.opname[each]
        if name not in ("CACHE", "EXTENDED_ARG"):
            yield name
