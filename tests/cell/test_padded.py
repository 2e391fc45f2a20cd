"""`padded("embed.weight", after=47)`: a parameter that is a slice of what is stored."""

from typing import Any

import mindspore as ms
import numpy as np
import pytest

from lazycell import (
    DeclarationError,
    LazyCell,
    Manifest,
    Param,
    child,
    children,
    fused,
    open_checkpoint,
    padded,
    read_tensor,
    rename,
    transposed,
)
from tests.words import live


class Embeddings(LazyCell):
    vocabulary: int
    width: int
    multiple: int = 8
    offset: int = 2
    words: Param["normal", (vocabulary, width)]
    places: Param["normal", (width, 5)]
    rename(
        {
            "wte": padded("words", after=-vocabulary % multiple),
            "both": fused(
                a=padded(transposed("places"), before=offset, after=1), axis=0, b=padded("extra", 0, after=1)
            ),
        }
    )
    extra: Param["normal", (1, width)]


class Net(LazyCell):
    parts: list[Embeddings] = children(2, Embeddings, 13, 4)
    one: Embeddings = child(Embeddings, 16, 3)


def test_life(tmp_path: Any) -> None:
    """What is around it is written as zeros, and passed over; the slice is kept to the bit."""
    net = live(Net, tmp_path)
    header = open_checkpoint(tmp_path / "net.safetensors")
    assert header.tensors["parts.0.wte"].shape == (16, 4)
    assert header.tensors["one.wte"].shape == (16, 3)
    both = read_tensor(header.tensors["parts.1.both"])
    places = net.parts[1].places.asnumpy()
    zeros = np.zeros((2, 4), np.float32)
    wanted = [zeros, places.T, zeros[:1], net.parts[1].extra.asnumpy(), zeros[:1]]
    np.testing.assert_array_equal(np.asarray(both), np.concatenate(wanted))


def test_infer(tmp_path: Any) -> None:
    """With the padding known, the size is told."""
    net = live(Embeddings, tmp_path, vocabulary=13, width=4)
    found = Embeddings.infer(tmp_path / "net.safetensors", vocabulary=13)
    assert found["width"] == 4
    assert found.fits
    assert "vocabulary" in Embeddings.infer(tmp_path / "net.safetensors").undetermined
    assert net.manifest().stored[0].name == "wte"


def test_half_precision(tmp_path: Any) -> None:
    """Zeros are of the dtype of the parameter."""
    net = Embeddings(5, 2, dtype=ms.bfloat16)
    net.init_parameters_data(seed=1)
    net.save_checkpoint(tmp_path / "net.safetensors")
    header = open_checkpoint(tmp_path / "net.safetensors")
    assert header.tensors["wte"].dtype == "bfloat16"
    other = Embeddings(5, 2, dtype=ms.bfloat16)
    other.load_checkpoint(tmp_path / "net.safetensors", dtype="strict")
    np.testing.assert_array_equal(other.words.float().asnumpy(), net.words.float().asnumpy())


def test_manifest_on_disk() -> None:
    """The form is a part of it, and of its schema; one that contradicts itself is refused."""
    text = Embeddings.manifest(13, 4).to_json()
    assert '{"padded": {"parameter": "words"}, "axis": 0, "before": 0, "after": 3}' in text
    assert Manifest.from_json(text).stored[0].shape == (16, 4)
    with pytest.raises(Exception, match="after"):
        Manifest.from_json(text.replace('"after": 3', '"after": -3'))


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda: padded("words"), r"padded\(\) adds nothing"),
        (lambda: padded("words", after=-1), r"-1 in padded\(\) is not a number of positions"),
        (lambda: padded("words", -1, after=1), "is not an axis counted from 0"),
        (lambda: padded(3, after=1), r"padded\(\) takes a name or a form"),  # type: ignore[arg-type]
    ],
)
def test_mistakes(make: Any, problem: str) -> None:
    """Refused where they are written."""
    with pytest.raises(DeclarationError, match=problem):
        make()


def test_mistakes_in_rules() -> None:
    """An axis that is not there, a name that nothing declares, and a number that is none."""

    def declare(**options: Any) -> type[LazyCell]:
        class Wrong(LazyCell):
            n: int
            words: Param["normal", (n,)]
            rename({"wte": padded("words", options.get("axis", 0), before=options.get("before", n - 4))})

        return Wrong

    with pytest.raises(DeclarationError, match='has the axis 1, counted from 0, and `"words"` has 1 axis'):
        declare(axis=1)
    with pytest.raises(DeclarationError, match=r"`padded\(words, before=n - 4\)` adds -1 positions with n=3"):
        declare().manifest(3)
