"""Tests of `lazycell.declaration._generate`: the constructor's source, signature and texts."""

from __future__ import annotations

import inspect
import linecache
import pydoc
import traceback
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazycell.declaration._declare import Param, hyper
from lazycell.declaration._generate import init_source, make_init
from tests.pure import PureCell, declaration


class Config:
    """A type for annotations."""


class Odd:
    """Something whose repr is not Python."""

    def __repr__(self) -> str:
        return "<odd # thing>"


class Net(PureCell):
    n_layers: int
    hidden: int = hyper(doc="width of the model")
    head_dim: int = hidden // 8
    kind: str = "a b"
    w: Param["zeros", (hidden,)]


SOURCE = '''\
def __init__(
    self,
    n_layers: int,
    hidden: int,
    head_dim: int = hidden // 8,
    kind: str = 'a b',
    *,
    dtype: DType | None = None,
) -> None:
    """Declare the parameters of a new `Net`; none has values yet.

    Args:
        n_layers: int
        hidden: width of the model
        head_dim: int, default hidden // 8
        kind: str, default 'a b'
        dtype: dtype of the parameters that name none; default float32.
    """
    __build__(self, __declaration__, {
        "n_layers": n_layers,
        "hidden": hidden,
        "head_dim": head_dim,
        "kind": kind,
    }, dtype)
'''


def test_the_source() -> None:
    """Types, defaults and docs as they were written; the body hands everything on."""
    assert init_source(declaration(Net), "__init__") == SOURCE


def test_inspect_finds_the_source() -> None:
    """`getsource` gives what was compiled."""
    assert inspect.getsource(Net.__init__) == SOURCE


def test_the_signature() -> None:
    """Real types and defaults, dtype by keyword only."""
    signature = inspect.signature(Net)
    assert str(signature).startswith("(n_layers: int, hidden: int, head_dim: int = hidden // 8, kind: str = 'a b', *")
    assert signature.parameters["hidden"].annotation is int
    assert signature.parameters["dtype"].kind is inspect.Parameter.KEYWORD_ONLY


def test_help_shows_the_docs() -> None:
    """With the sentence of each hyperparameter."""
    text = pydoc.plain(pydoc.render_doc(Net.__init__))
    assert "hidden: width of the model" in text
    assert "__init__(self, n_layers: int, hidden: int" in text


def test_the_function_is_at_home_in_its_class() -> None:
    """Names and module are those of a method that is written by hand."""
    assert (Net.__init__.__name__, Net.__init__.__qualname__, Net.__init__.__module__) == (
        "__init__",
        "Net.__init__",
        __name__,
    )


def test_python_s_own_errors_come_out_right() -> None:
    """A call that does not fit is refused by Python, by the class's name."""
    with pytest.raises(TypeError, match=r"^Net\.__init__\(\) missing 1 required positional argument: 'hidden'$"):
        Net(2)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match=r"^Net\.__init__\(\) got an unexpected keyword argument 'hiden'"):
        Net(2, hiden=3)  # type: ignore[call-arg]


def test_a_debugger_sees_the_lines() -> None:
    """A traceback through the constructor shows the line of its source."""
    try:
        Net(2, "x")
    except TypeError as error:
        lines = [frame.line for frame in traceback.extract_tb(error.__traceback__)]
    assert any(line is not None and line.startswith("__build__(self, __declaration__") for line in lines)


def test_the_source_survives_a_check_of_the_cache() -> None:
    """`linecache.checkcache`, which debuggers and tracebacks call, keeps it."""
    linecache.checkcache()
    assert inspect.getsource(Net.__init__) == SOURCE


def test_classes_of_one_name_keep_their_own_sources() -> None:
    """Also in one module and one function."""

    def make(count: int) -> type:
        body: dict[str, Any] = type(PureCell).__prepare__("Same", (PureCell,))
        body["__module__"], body["__qualname__"] = __name__, "Same"
        for k in range(count):
            body.annotations[f"h{k}"] = int  # type: ignore[attr-defined]
        return type(PureCell)("Same", (PureCell,), body)

    one, two = make(1), make(2)
    assert "h1" not in inspect.getsource(one.__init__)  # type: ignore[misc]
    assert "h1" in inspect.getsource(two.__init__)  # type: ignore[misc]


def test_a_class_without_hyperparameters() -> None:
    """Its constructor takes the dtype alone."""

    class A(PureCell): ...

    assert init_source(declaration(A), "__init__").splitlines() == [
        "def __init__(self, *, dtype: DType | None = None) -> None:",
        '    """Declare the parameters of a new `A`; none has values yet."""',
        "    __build__(self, __declaration__, {}, dtype)",
    ]


def test_a_class_with_a_hyperparameter_dtype() -> None:
    """There is no second one."""

    class A(PureCell):
        dtype: Any = None

    assert list(inspect.signature(A).parameters) == ["dtype"]
    assert A("int8").dtype == "int8"


@pytest.mark.parametrize(
    ("kind", "default", "text"),
    [
        (Config, 1, "x: Config = 1"),
        (list[int], (), "x: list[int] = ()"),
        (Any, len, "x: Any = len"),
        (Any, lambda x: x, "x: Any = ..."),
        (Any, Odd(), "x: Any = ..."),
        (Any, [Odd()], "x: Any = ..."),
        (Any, attrs.Factory(list), "x: Any = ..."),
        (Any, int, "x: Any = int"),
        (Any, "a # b", "x: Any = 'a # b'"),
        (Any, 'a\nb\\"""', 'x: Any = \'a\\nb\\\\"""\''),
        (Any, -1.5, "x: Any = -1.5"),
        ("the width of it", 1, "x: Any = 1"),
        ("Nowhere # width", 1, "x: Any = 1"),
        ("Nowhere[int]", 1, "x: Nowhere[int] = 1"),
        (Odd(), 1, "x: Any = 1"),
        (None, 1, "x: None = 1"),
    ],
)
def test_types_and_defaults_as_text(kind: Any, default: Any, text: str) -> None:
    """What is no Python stands as Any and `...`; the objects themselves are on the function."""
    body: dict[str, Any] = type(PureCell).__prepare__("A", (PureCell,))
    body["__module__"], body["__qualname__"] = __name__, "A"
    body["x"] = hyper(default)
    body.annotations["x"] = kind if kind is not None else "None"  # type: ignore[attr-defined]
    A = type(PureCell)("A", (PureCell,), body)
    assert f"({'self'}, {text}, *, dtype" in inspect.getsource(A.__init__)  # type: ignore[misc]
    assert inspect.signature(A).parameters["x"].default is default


@given(st.text(max_size=30), st.text(max_size=30))
def test_any_text_may_be_a_doc_or_a_default(doc: str, default: str) -> None:
    """Quotes, backslashes, line ends: the source compiles, and the values arrive."""
    body: dict[str, Any] = type(PureCell).__prepare__("A", (PureCell,))
    body["__module__"], body["__qualname__"] = __name__, "A"
    body["x"] = hyper(default, doc=doc)
    A = type(PureCell)("A", (PureCell,), body)
    assert A().x == default


def test_another_name() -> None:
    """A class with an `__init__` of its own gets the generated one under this name."""

    def build(cell: Any, declaration: Any, values: Any, dtype: Any) -> None:
        cell.append((values, dtype))

    generated = make_init(declaration(Net), "__lazy_init__", build)
    seen: list[Any] = []
    generated(seen, 1, 2, kind="x", dtype="int8")
    (values, dtype), default = seen[0], inspect.signature(generated).parameters["head_dim"].default
    assert (values["n_layers"], values["hidden"], values["kind"], dtype) == (1, 2, "x", "int8")
    assert values["head_dim"] is default
    assert generated.__qualname__ == "Net.__lazy_init__"
