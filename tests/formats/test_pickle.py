"""Tests of `lazycell.formats._pickle`."""

from __future__ import annotations

import pickle
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazycell.formats._pickle import ForeignName, Machine, Named, Opaque, PickleCut, PickleProblem, shown

from .torchfiles import Call, Global, Persistent, pickled


def run(content: bytes) -> Any:
    """Run a pickle in which `known.f` may be called."""
    machine = Machine(
        content,
        lambda function, arguments: (function.name, arguments),
        lambda name: name == "known.f",
        lambda identity: ["persistent", identity],
    )
    return machine.run()[0]


_SCALARS = (
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | st.text() | st.binary()
)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text() | st.integers(-(2**40), 2**40), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(_VALUES, st.sampled_from([2, 3, 4, 5]))
def test_plain_data(value: Any, protocol: int) -> None:
    """What Python pickles, in each protocol that torch.save can be told to use, comes back."""
    if (protocol == 2 and "bytes" in repr(type(value))) or (protocol == 2 and _has_bytes(value)):
        protocol = 3  # that of Python 2 writes bytes as a call
    assert run(pickle.dumps(value, protocol)) == value


def _has_bytes(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_has_bytes(each) for each in value.values())
    return isinstance(value, bytes) or (isinstance(value, (list, tuple)) and any(_has_bytes(each) for each in value))


def test_what_is_shared_stays_shared() -> None:
    """A list that is met twice is one list; one that holds itself does no harm."""
    inner: list[Any] = []
    inner.append(inner)
    found = run(pickle.dumps([inner, inner], 2))
    assert found[0] is found[1] is found[0][0]


def test_names_calls_and_persistent_ids() -> None:
    """Known names are called through the machine's owner; others are refused by name, and never looked up."""
    known = Global("known", "f")
    assert run(pickled(known)) == Named("known.f")
    assert run(pickled(Call(known, (1, "a")))) == ("known.f", (1, "a"))
    assert run(pickled(Persistent(("storage", 1)))) == ["persistent", ("storage", 1)]
    for protocol in (2, 4):
        with pytest.raises(ForeignName, match="asks for os.system, which no tensor needs"):
            run(pickled(Call(Global("os", "system"), ("true",)), protocol))
    with pytest.raises(ForeignName, match=r"asks for posix.system"):
        run(pickle.dumps(__import__("os").system, 4))  # by STACK_GLOBAL
    with pytest.raises(ForeignName) as caught:
        run(b"\x80\x04\x8c\x01\n\x8c\x02\xc3\xa9\x93.")
    assert str(caught.value).isprintable()


def test_sets_are_left_out() -> None:
    """They hold no tensor that has a name."""
    assert run(pickle.dumps([{1, 2}, frozenset({3})], 4)) == [Opaque("set"), Opaque("frozenset")]


@given(_VALUES)
def test_cut_at_every_byte(value: Any) -> None:
    """No beginning of a pickle is one."""
    content = pickle.dumps(value, 4)
    for length in range(len(content)):
        with pytest.raises(PickleCut, match="ends in the middle"):
            run(content[:length])


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (b"\x80\x06N.", "is of protocol 6"),
        (b".", "takes what is not there"),
        (b"(.", "takes what is not there"),
        (b"0.", "takes what is not there"),
        (b"\x85.", "takes what is not there"),
        (b"t.", "looks for a mark that is not there"),
        (b"Nu.", "looks for a mark that is not there"),
        (b"N(u.", "puts items into what is no dict"),
        (b"}(Nu.", "puts a key without a value"),
        (b"N(e.", "appends to what is no list"),
        (b"NN\x86Na.", "appends to what is no list"),
        (b"h\x00.", "recalls what was never kept"),
        (b"NNR.", "calls what is no function"),
        (b"N)R.", "calls what is no function"),
        (b"cknown\nf\nNR.", "calls what is no function"),
        (b"]}b.", "gives attributes to what has none"),
        (b"NN\x93.", "asks for a name that is no text"),
        (b"c\xff\n\n.", "ends a name that is no UTF-8"),
        (b"X\x01\x00\x00\x00\xff.", "begins a string that is no UTF-8"),
        (b"I5\n.", "is the opcode 0x49, which torch.save never writes"),
        (b"i\n\n.", "is the opcode 0x69"),
        (b"\x82\x01.", "is the opcode 0x82"),  # the registry of extensions
        (b"Pid\n.", "is the opcode 0x50"),
    ],
)
def test_refusals(content: bytes, cause: str) -> None:
    """Each mistake has its message."""
    with pytest.raises(PickleProblem) as caught:
        run(content)
    assert cause in str(caught.value)


@pytest.mark.parametrize("code", [b"\x8b", b"X", b"T", b"B", b"\x8d", b"\x8e", b"\x96"])
def test_counts_that_promise_much_take_nothing(code: bytes) -> None:
    """A length is believed only as far as there are bytes."""
    with pytest.raises(PickleCut):
        run(code + b"\xff" * 8 + b"abc.")


def test_memo_of_a_huge_index_is_one_entry() -> None:
    """The keys of the memo are keys, not places."""
    assert run(b"Nr\xff\xff\xff\x7f.") is None


def _nested(step: bytes, times: int) -> bytes:
    return b"\x80\x02)q\x00" + step * times


@pytest.mark.parametrize(
    "content",
    [
        # A tuple of itself twice, 60 times over: its repr and its hash would take 2^60 steps.
        _nested(b"q\x00h\x00\x86", 60) + b"q\x01}h\x01Ns.",
        # A tuple in a tuple, 100,000 deep: its hash would overrun the stack.
        _nested(b"\x85", 100_000) + b"q\x01}h\x01Ns.",
    ],
)
def test_keys_without_end_are_left_out(content: bytes) -> None:
    """Keys that are no names are not hashed."""
    started = time.thread_time()
    assert run(content) == {}
    assert time.thread_time() - started < 1


@pytest.mark.parametrize("act", [shown, lambda value: shown((value, value))])
def test_shown_has_an_end(act: Callable[[Any], str]) -> None:
    """Whatever is shown in a message, it is short, and quick."""
    value: Any = ()
    for _ in range(60):
        value = (value, value)
    for each in (value, 10**10_000, "x" * 10_000, {"a": value}, [value], b"\xff" * 1000, None, True, 1.5):
        assert len(act(each)) < 500
    assert (shown((1, 2)), shown("a"), shown(3), shown({})) == ("(1, 2)", "'a'", "3", "a dict")
