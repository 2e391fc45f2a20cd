"""What someone is told whose tie cannot be made."""

# ruff: noqa: B007, E501, F722, UP045, RUF100 - mistakes are what is tested

from lazycell import LazyCell, Param, child, children, tie, when

from .telling import Linear, told


def test_a_tie_to_nowhere() -> None:
    """The near name is suggested."""

    class A(LazyCell):
        head: Linear = child(Linear, 3, 4)
        embed: Linear = child(Linear, 3, 4)
        tied = tie("head.weight", "embed.wieght")  # here

    text = (
        "A.tied: the source `embed.wieght` of tie('head.weight', 'embed.wieght') is not a parameter of this "
        "model; did you mean `embed.weight`?"
    )
    with told(text):
        A()
    with told(text):
        A.manifest()


def test_a_tie_from_nowhere() -> None:
    """The same at the other end."""

    class A(LazyCell):
        embed: Linear = child(Linear, 3, 4)
        tied = tie("haed.weight", "embed.weight")  # here

    text = "A.tied: the target `haed.weight`...not a parameter of this model...did you mean `embed.weight`?"
    with told(text):
        A()


def test_a_tie_of_different_shapes() -> None:
    """Both are shown."""

    class A(LazyCell):
        head: Linear = child(Linear, 3, 4)
        embed: Linear = child(Linear, 4, 3)
        tied = tie("head.weight", "embed.weight")  # here

    text = "A.tied: `head.weight` is float32 (4, 3) and `embed.weight` is float32 (3, 4)...one shape and dtype..."
    with told(text):
        A()
    with told(text):
        A.manifest()


def test_ties_in_a_circle() -> None:
    """Nothing would be stored."""

    class A(LazyCell):
        a: Param["zeros", (1,)]
        b: Param["zeros", (1,)]
        one = tie("a", "b")
        other = tie("b", "a")  # here

    text = "A.other: tie('b', 'a') closes a circle...`a` is tied to `b` already"
    with told(text):
        A()
    with told(text):
        A.manifest()


def test_a_name_that_is_tied_twice() -> None:
    """It can mean one parameter."""

    class A(LazyCell):
        a: Param["zeros", (1,)]
        b: Param["zeros", (1,)]
        c: Param["zeros", (1,)]
        one = tie("a", "b")
        other = tie("a", "c")  # here

    text = "A.other: tie('a', 'c') ties `a` a second time...`b` already"
    with told(text):
        A()
    with told(text):
        A.manifest()


@told("tie('a', 'a') ties a name to itself...`tie(\"head.weight\", \"embed.weight\")`")
def test_a_tie_to_itself() -> None:
    """That is no tie."""

    class A(LazyCell):
        tied = tie("a", "a")  # here


@told('tie(target, source) takes two dotted names...`tie("head.weight", "embed.weight")`')
def test_a_tie_of_parameters() -> None:
    """Names are wanted: the parameters are not there yet."""

    class A(LazyCell):
        a: Param["zeros", (1,)]
        b: Param["zeros", (1,)]
        tied = tie(a, b)  # here


@told("A: this tie(…) has no name...`tied = tie(…)`")
def test_a_tie_without_a_name() -> None:
    """It would silently not be made."""

    class A(LazyCell):
        a: Param["zeros", (1,)]
        b: Param["zeros", (1,)]
        tie("a", "b")  # here


@told(
    "A.tied: nothing below this cell is called `layers.{i}.nrom`, which tie('layers.{i}.nrom', 'layers.0.norm') ties..."
)
def test_a_pattern_that_names_nothing() -> None:
    """Where the instance is built."""

    class A(LazyCell):
        layers: list[Linear] = children(2, Linear, 3, 3)
        tied = tie("layers.{i}.nrom", "layers.0.norm")  # here

    A()


def test_a_tie_of_a_part_that_is_removed() -> None:
    """The tie goes with the part, in the class that removes it."""

    class Base(LazyCell):
        last: bool = True
        embed: Linear = child(Linear, 3, 4)
        head: Linear = when(last, child(Linear, 3, 4))
        tied = tie("head.weight", "embed.weight")  # here

    class Headless(Base):
        head = None

    class Whole(Base):
        head = None
        tied = None

    text = (
        "Base.tied: the target `head.weight` of tie('head.weight', 'embed.weight') is not a parameter of this model: "
        "`head` is None. Write `tied = None` in the class that says `head = None`, or `tied = when(condition, tie(…))` "
        "under the condition of `head`"
    )
    for make in (Headless, Headless.manifest, lambda: Base(last=False), lambda: Base.manifest(last=False)):
        with told(text):
            make()
    assert Whole().manifest().ties == {}
