"""What tests of messages share: `told`, which holds an error to its words and its place, and a cell to make mistakes with."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from contextlib import _GeneratorContextManager, contextmanager
from linecache import getlines
from types import CodeType

import pytest

from lazycell import DeclarationError, LazyCell, Param, when


class Linear(LazyCell):
    """A cell whose declarations are right."""

    in_features: int
    out_features: int
    use_bias: bool = True
    weight: Param["he_uniform", (out_features, in_features)]
    bias: Param["zeros", (out_features,)] = when(use_bias)


def told(wanted: str, error: type[Exception] = DeclarationError) -> _GeneratorContextManager[None, None, None]:
    """Expect an error, of a whole test as its decorator, or of a part of one in a `with`.

    It has to show the line that ends with `# here`: the next one below, or else the last one of the test.

    Args:
        wanted: the whole text, or with `...` for what could be said in other words. What was written, why it is wrong
            and what to write instead is never left out.
        error: its type, and none that is derived from it.
    """
    caller = sys._getframe(1)
    return _told(wanted, error, caller.f_code, caller.f_lineno)


@contextmanager
def _told(wanted: str, error: type[Exception], code: CodeType, line: int) -> Iterator[None]:
    whole = code.co_name == "<module>"  # a decorator is called by the module
    lines, first = (getlines(code.co_filename), 1) if whole else inspect.getsourcelines(code)
    marked = [number for number, text in enumerate(lines, first) if text.rstrip().endswith("# here")]
    number = next((each for each in marked if each > line), marked[-1])
    with pytest.raises(Exception) as caught:  # noqa: PT011
        yield
    text, _, place = str(caught.value).partition('\n  File "')
    assert_says(text, wanted)
    assert place == f'{code.co_filename}", line {number}\n    {lines[number - first].strip()}'
    assert type(caught.value) is error


def assert_says(text: str, wanted: str) -> None:
    """Check that a message is the wanted one, in which `...` stands for any words, but for `  ... and 2 more` in a list."""
    pattern = ".*".join(map(re.escape, re.split(r"(?<!\n  )\.\.\.", wanted)))
    assert re.fullmatch(pattern, text, re.DOTALL), f"what is told:\n{text}\nwhat is wanted:\n{wanted}"
