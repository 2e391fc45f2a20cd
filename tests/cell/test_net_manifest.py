"""Tests of `lazycell.cell._net_manifest`: the manifest of a class is that of every net built from it."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from mindspore import nn

from lazycell import INDEX, SELF, LazyCell, buffer, child, children, param, tie, when
from lazycell.cell._net_manifest import manifest_of_net
from lazycell.declaration._symbols import symbol

# A random class: hyperparameters `n` and `flag`, and members picked from below, nested up to two levels.

N, FLAG = symbol("n"), symbol("flag")

parameters = st.builds(
    param,
    st.sampled_from(["zeros", "normal", 1.0]),
    st.sampled_from([(), (N,), (3, N + 1), "n 2*n"]),
    st.sampled_from([None, "float16", "int32"]),
    trainable=st.booleans(),
    tags=st.sampled_from([(), ("a",)]),
)
buffers = st.builds(buffer, st.just("zeros"), st.just((N,)), persistent=st.booleans())
plain = st.sampled_from(
    [
        child(nn.Dense, N, 3),
        child(nn.Dense, N, 2 * N, has_bias=FLAG),
        child(nn.LayerNorm, (N,)),
        child(nn.ReLU),
        child(nn.Conv2d, 3, N, 3),
        children(N, nn.Dense, N, INDEX + 1),
    ]
)


def conditional(members: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Put members under conditions."""
    conditions = st.sampled_from([FLAG, N > 2, ~FLAG & (N == 2)])
    others = st.none() | members
    return st.builds(lambda condition, one, other: when(condition, one, otherwise=other), conditions, members, others)


def made(members: list[Any], number: int) -> type[LazyCell]:
    """Make a class that declares these members."""
    body: dict[str, Any] = {f"m{k}": member for k, member in enumerate(members)}
    body["__annotations__"] = {"n": int, "flag": bool}
    body["flag"] = True
    return type(LazyCell)(f"Made{number}", (LazyCell,), body)


def classes(members: st.SearchStrategy[Any]) -> st.SearchStrategy[type[LazyCell]]:
    """Make classes of members."""
    return st.builds(made, st.lists(members, min_size=1, max_size=4), st.integers(0, 9))


simple = st.one_of(parameters, buffers, plain, conditional(st.one_of(parameters, buffers, plain)))
inner = classes(simple)


@st.composite
def nested(draw: st.DrawFn) -> type[LazyCell]:
    """Make a class that has cells of other random classes, some of them repeated or alike, and perhaps tied."""
    block, other = draw(inner), draw(inner)
    members = draw(st.lists(simple, max_size=2))
    members += draw(
        st.lists(
            st.sampled_from(
                [
                    child(block, N, FLAG),
                    child(block, n=2, flag=~FLAG, dtype="float16"),
                    children(N, block, N),
                    children(2, block, INDEX + 1, INDEX == 0),
                    children(3, when(INDEX % 2 == 0, child(block, N), otherwise=child(other, INDEX))),
                    child(nn.Dense, 2, 2, activation=nn.ReLU()),
                    child(lambda config: block(config.n), SELF),
                ]
            ),
            min_size=1,
            max_size=3,
        )
    )
    if draw(st.booleans()):
        members += [child(nn.Dense, 2, 3), child(nn.Dense, 2, 3)]
        k = len(members)
        members.append(when(FLAG, tie(f"m{k - 1}.weight", f"m{k - 2}.weight")))
    return made(members, 0)


@settings(max_examples=100, deadline=None)
@given(nested(), st.integers(1, 3), st.booleans(), st.sampled_from([None, "float32", "bfloat16"]))
def test_a_class_and_its_instances_have_the_same_manifest(
    cls: type[LazyCell], n: int, flag: bool, dtype: str | None
) -> None:
    """Whatever is declared, for whatever hyperparameters."""
    net = cls(n, flag, dtype=dtype)  # type: ignore[call-arg]
    manifest = cls.manifest(n, flag, dtype=dtype)
    assert manifest == net.manifest()
    assert [entry.name for entry in manifest] == [name for name, _ in net.parameters_and_names()]
    assert [entry.name for entry in manifest] == [parameter.name for parameter in net.get_parameters()]


def test_a_plain_net_has_a_manifest() -> None:
    """Without expressions or declarations."""
    manifest = manifest_of_net(nn.SequentialCell(nn.Dense(2, 3)))
    assert [(entry.name, entry.shape, entry.expression) for entry in manifest] == [
        ("0.weight", (3, 2), None),
        ("0.bias", (3,), None),
    ]
    assert manifest.hyperparameters == {}
