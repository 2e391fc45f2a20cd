"""What someone is told whose `rename` in a class body has no meaning, or no inverse."""

# ruff: noqa: B007, E501, F722, UP045, RUF100 - mistakes are what is tested

from lazycell import LazyCell, Param, child, children, fused, rename, tie, transposed

from .telling import Linear, told


@told(
    'A: rename: `"c_proj.weight": transposed("out.weigth")`: nothing below this cell is called `out.weigth`; '
    "did you mean `out.weight`?"
)
def test_rename_of_a_misspelt_name() -> None:
    """The near name is suggested; what the cells below are stored as counts."""

    class A(LazyCell):
        out: Linear = child(Linear, 2, 2)
        rename({"c_proj.weight": transposed("out.weigth")})  # here


@told('A: rename: `"x": "zzzzzz"`: nothing...is called `zzzzzz`: there are `layers.{i}.weight`, `layers.{i}.bias`')
def test_rename_of_a_name_like_no_other() -> None:
    """Then what there is is listed."""

    class A(LazyCell):
        layers: list[Linear] = children(2, Linear, 2, 2)
        rename({"x": "zzzzzz"})  # here


@told('A: rename: `"x": "y"`: nothing...is called `y`: nothing is declared')
def test_rename_where_nothing_is_declared() -> None:
    """There is nothing to suggest."""

    class A(LazyCell):
        rename({"x": "y"})  # here


@told('A: rename: `"layers.*": "blocks.*"`:...`*` is no wildcard...`{i}` for one segment, `{*rest}` for several')
def test_rename_with_a_star() -> None:
    """It is no wildcard."""

    class A(LazyCell):
        blocks: list[Linear] = children(2, Linear, 2, 2)
        rename({"layers.*": "blocks.*"})  # here


@told(
    'A: rename: `"weight": "layers.{i}.weight"`: it has no inverse: "weight" does not have the capture '
    "`{i}`...the same captures on both sides"
)
def test_rename_without_inverse() -> None:
    """Both sides have the same captures."""

    class A(LazyCell):
        layers: list[Linear] = children(2, Linear, 2, 2)
        rename({"weight": "layers.{i}.weight"})  # here


def test_rename_with_a_capture_that_leads_nowhere() -> None:
    """Nor the other way round, nor with another kind of capture."""

    with told(
        'A: rename: `"h.{i}.weight": "out.weight"`:...no inverse: "out.weight" does not have the capture '
        "`{i}`...the same captures on both sides"
    ):

        class A(LazyCell):
            out: Linear = child(Linear, 2, 2)
            rename({"h.{i}.weight": "out.weight"})  # here

    with told(
        'A: rename: `"o.{rest}": "out.{*rest}"`:...no inverse: "o.{rest}" does not have the capture '
        "`{*rest}`...the same captures on both sides"
    ):

        class A(LazyCell):
            out: Linear = child(Linear, 2, 2)
            rename({"o.{rest}": "out.{*rest}"})  # here


@told('A: rename: `"o.{i": "out.weight"`: \'o.{i\': a capture is written {name}...{*name}...')
def test_rename_with_a_brace_too_few() -> None:
    """The pattern is shown, on either side."""

    class A(LazyCell):
        out: Linear = child(Linear, 2, 2)
        rename({"o.{i": "out.weight"})  # here


@told('A: rename: `"x": "w[0:2]"`: \'w[0:2]\' is not a name: write `qkv.weight`, or `qkv.weight[q]`...')
def test_rename_to_brackets_without_a_section() -> None:
    """Both spellings are shown."""

    class A(LazyCell):
        w: Param["normal", (2,)]
        rename({"x": "w[0:2]"})  # here


def test_rename_of_one_parameter_twice() -> None:
    """Two rules, or one."""

    with told(
        'A: rename: `"o.{*rest}": "out.{*rest}"`: `out.weight` is taken here and by `"x": "out.weight"`...stored once'
    ):

        class A(LazyCell):
            out: Linear = child(Linear, 2, 2)
            rename({"x": "out.weight", "o.{*rest}": "out.{*rest}"})  # here

    with told('A: rename: `"x": fused(a="w", b="w")`: `w` is taken twice...stored once'):

        class A(LazyCell):
            w: Param["normal", (2,)]
            rename({"x": fused(a="w", b="w")})  # here


def test_rename_of_what_a_base_renames() -> None:
    """Another stored name does not replace a rule of a base; None takes it back."""

    class Base(LazyCell):
        w: Param["normal", (2,)]
        rename({"x": "w"})

    with told('A: rename: `"y": "w"`: `w` is taken here and by `"x": "w"`...to replace that rule, add `"x": None`'):

        class A(Base):
            rename({"y": "w"})  # here


def test_rename_of_a_section_twice() -> None:
    """A section is stored once, too, and not with the whole."""

    with told('A: rename: `"k": "w[q]"`: `w[q]` is taken here and by `"q": "w[q]"`...stored once'):

        class A(LazyCell):
            n: int
            w: Param["normal", (fused(q=n, k=n),)]
            rename({"q": "w[q]", "k": "w[q]"})  # here

    with told('A: rename: `"w": "w"`: `w` is taken here and by `"q": "w[q]"`...stored once'):

        class A(LazyCell):
            n: int
            w: Param["normal", (fused(q=n, k=n),)]
            rename({"q": "w[q]", "w": "w"})  # here


@told('A: rename: `"q": "qkv[q]"`: `qkv[k]`, `qkv[v]` is stored nowhere...every section of `qkv` a rule, or none')
def test_rename_of_some_sections() -> None:
    """Those that would be stored nowhere are named."""

    class A(LazyCell):
        n: int
        qkv: Param["normal", (fused(q=n, k=n, v=n), n)]
        rename({"q": "qkv[q]"})  # here


def test_rename_of_a_misspelt_section() -> None:
    """The near name is suggested, or the names there are."""

    with told('A: rename: `"g": "w[gat]"`: `w` has no section `gat`; did you mean `gate`?'):

        class A(LazyCell):
            n: int
            w: Param["normal", (fused(gate=n, up=n), n)]
            rename({"g": "w[gat]", "u": "w[up]"})  # here

    with told('A: rename: `"g": "w[q]"`: `w` has no section `q`: its sections are gate, up'):

        class A(LazyCell):
            n: int
            w: Param["normal", (fused(gate=n, up=n), n)]
            rename({"g": "w[q]", "u": "w[up]"})  # here


@told('A: rename: `"g": "w[gate]"`: `w` has no section `gate`: it has none...`fused(q=…, k=…)`...')
def test_rename_of_a_section_of_what_has_none() -> None:
    """The declaration to write is shown."""

    class A(LazyCell):
        n: int
        w: Param["normal", (2 * n, n)]
        rename({"g": "w[gate]", "u": "w[up]"})  # here


@told('A: rename: `"a": "b"`: `b` would be stored as `a`, and `a` keeps that name')
def test_rename_to_a_name_that_is_kept() -> None:
    """Two things would be stored under it."""

    class A(LazyCell):
        a: Param["normal", (2,)]
        b: Param["normal", (2,)]
        rename({"a": "b"})  # here


def test_rename_of_two_to_one_name() -> None:
    """Found through the captures."""

    with told(
        'A: rename: `"{*path}.weight": "b.weight"`:...no inverse: "b.weight" does not have the capture `{*path}`...'
    ):

        class A(LazyCell):
            a: Linear = child(Linear, 2, 2)
            b: Linear = child(Linear, 2, 2)
            rename({"x.{n}": "a.{n}", "{*path}.weight": "b.weight", "x.{*path}": "b.{*path}"})  # here

    with told(
        'A: rename: `"x.{*path}": "b.{*path}"`: `b.weight` would be stored as `x.weight`, and `a.weight` is too, '
        'by `"x.{n}": "a.{n}"`'
    ):

        class A(LazyCell):
            a: Linear = child(Linear, 2, 2)
            b: Linear = child(Linear, 2, 2)
            rename({"x.{n}": "a.{n}", "x.{*path}": "b.{*path}"})  # here


@told('A: rename: `"lm_head": "head.weight"`: `head.weight` is tied to `embed.weight`...give that a rule instead')
def test_rename_of_what_is_tied() -> None:
    """The other end is what is stored."""

    class A(LazyCell):
        embed: Linear = child(Linear, 2, 2)
        head: Linear = child(Linear, 2, 2)
        tied = tie("head.weight", "embed.weight")
        rename({"lm_head": "head.weight"})  # here


def test_rename_with_axes_of_another_matrix() -> None:
    """As far as the number of axes is known."""

    with told('A: rename: `"x": transposed("out.weight", (0, 2, 1))`: axes=(0, 2, 1) orders 3 axes...has 2 axes'):

        class A(LazyCell):
            out: Linear = child(Linear, 2, 2)
            rename({"x": transposed("out.weight", (0, 2, 1))})  # here

    with told('A: rename: `"x": fused(axis=1, a="a.bias", b="b.bias")`: axis=1 is counted from 0...has 1 axis'):

        class A(LazyCell):
            a: Linear = child(Linear, 2, 2)
            b: Linear = child(Linear, 2, 2)
            rename({"x": fused(axis=1, a="a.bias", b="b.bias")})  # here

    with told(
        'A: rename: `"x": fused(w="out.weight", b="out.bias")`:...the same number of axes...`w` has 2, `b` has 1'
    ):

        class A(LazyCell):
            out: Linear = child(Linear, 2, 2)
            rename({"x": fused(w="out.weight", b="out.bias")})  # here


@told('A: rename: "x" is stored twice: join the two rules...')
def test_rename_twice_in_one_body() -> None:
    """A dictionary would keep the last one."""

    class A(LazyCell):
        a: Param["normal", (2,)]
        b: Param["normal", (2,)]
        rename({"x": "a"})
        rename({"x": "b"})  # here


def test_rename_that_takes_back_nothing() -> None:
    """The near rule is suggested."""

    class Base(LazyCell):
        w: Param["normal", (2,)]
        rename({"weight": "w"})

    with told('A: rename: `"wieght": None`: no base has a rule for "wieght"...did you mean `weight`?'):

        class A(Base):
            rename({"wieght": None})  # here


def test_rename_with_something_else() -> None:
    """A mapping from names to names and forms."""

    with told('A: rename: it takes a mapping, not \'weight\'...`rename({"c_proj.weight": "out.weight"})`'):

        class A(LazyCell):
            rename("weight")  # here

    with told("A: rename: a stored name is a string, not 1"):

        class A(LazyCell):
            rename({1: "w"})  # here

    with told('A: rename: "x": n is not a name...`transposed("out.weight")`, or None'):

        class A(LazyCell):
            n: int
            rename({"x": n})  # here


@told("rename({…}) belongs in the body of a LazyCell class...the argument `rename`")
def test_rename_elsewhere() -> None:
    """A load has an argument of that name."""

    rename({"a": "b"})  # here
