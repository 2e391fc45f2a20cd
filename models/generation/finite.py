"""Scores that are no numbers: where they come from."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from mindspore import Tensor, nn
from numpy.typing import NDArray

from lazycell import launch_blocking

from .choosing import Scores


def not_finite(
    net: Any, scores: Scores, written: int, seen: Sequence[NDArray[Any]], texts: tuple[NDArray[Any], NDArray[Any]]
) -> FloatingPointError:
    """Make the error that says at which word, in which text, and from which layer on numbers are not finite.

    The text so far is read once more, as a whole, with every layer's output.
    """
    text = int(np.flatnonzero(~np.isfinite(scores).all(1))[0])
    origin = _first_layer(net, seen[text][None], [each[text : text + 1] for each in texts])
    parameter = next(iter(net.get_parameters()))
    way = "; load the net with dtype='float32'" if str(parameter.dtype).lower() != "float32" else ""
    return FloatingPointError(
        f"the scores of word {written + 1} of text {text} are not finite: {origin}{way}. No word was chosen from them"
    )


def _first_layer(net: Any, seen: NDArray[Any], text: Sequence[NDArray[Any]]) -> str:
    with launch_blocking():
        if hasattr(net, "encoder"):
            output = net(*map(Tensor, text), Tensor(seen), output_hidden_states=True)
            stacks = {"encoder.": output.encoder_hidden_states, "decoder.": output.decoder_hidden_states}
        else:
            output = net(Tensor(seen), output_hidden_states=True)
            stacks = {"": output.hidden_states}
        for start, states in stacks.items():
            for index, state in enumerate(states):
                if not np.isfinite(state.astype("float32").asnumpy()).all():
                    return f"the first such output is that of {_name(net, start, index, len(states) - 1)}"
    return "every layer's output is finite, so it is the head that gives them"


def _name(net: Any, start: str, index: int, count: int) -> str:
    if index == 0:
        return "the embeddings"
    rows = [name for name, cell in net.cells_and_names() if isinstance(cell, nn.CellList) and len(cell) == count]
    row = next((name for name in rows if name.startswith(start)), "layer")
    return f"{row}.{index - 1}" + (", or of the norm after it" if index == count else "")
