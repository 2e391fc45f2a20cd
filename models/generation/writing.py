"""What a user calls: a whole text, or its words as they come."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from mindspore import Tensor
from numpy.typing import NDArray

from lazycell import Enter, Gather, HandOn, Leave, launch_blocking

from ..heads import CausalLM
from ..inputs import Reader, check_ids
from . import compiled as _compiled
from .choosing import Choice
from .finite import not_finite
from .padding import texts_of
from .plain import Answering, Continuing


def generate(
    net: Any,
    input_ids: Tensor,
    attention_mask: Tensor | None = None,
    max_new_tokens: int | None = None,
    *,
    min_new_tokens: int | None = None,
    eos_token_id: int | Sequence[int] | None = None,
    do_sample: bool | None = None,
    temperature: float | None = None,
    top_k: int | None = None,
    top_p: float | None = None,
    repetition_penalty: float | None = None,
    seed: int | None = None,
    compiled: bool = False,
    decoder_input_ids: Tensor | None = None,
) -> Tensor:
    """Go on with a batch of texts, or write the answer to each.

    Without more, each word is the one with the highest score. What is None is what the checkpoint's
    `generation_config.json` says (`net.generation_config`, a dict), and if that says nothing, as below.

    Args:
        net: a language model, `…ForCausalLM`, `GPT2LMHeadModel`, `T5ForConditionalGeneration`, or a port with the head
            `models.heads.CausalLM`.
        input_ids: (batch, sequence), int.
        attention_mask: (batch, sequence), 1 for a token and 0 for padding, on either side; default all 1.
        max_new_tokens: how many words to write at most; default 20.
        min_new_tokens: how many before one may end a text; default 0.
        eos_token_id: the word that ends a text, or several; what would follow is that word. `()`: nothing ends one.
        do_sample: draw words by their probability; by default if `temperature`, `top_k`, `top_p` or `seed` is given.
        temperature: above 1 the draw is more even, below 1 less; 0 draws nothing.
        top_k: draw from the so many most probable words; 0: from all.
        top_p: draw from the most probable words that together have this probability.
        repetition_penalty: above 1, words that a text has are less probable to come again.
        seed: of what is drawn; the same gives the same text. None: another at every call. Ranks of a mesh have to have
            the same one.
        compiled: compile the prompt and the step, each once for a shape, and keep them with the net: a word then takes
            a fraction of the time, after seconds of compiling. Sizes are rounded up, so that few shapes are compiled.
        decoder_input_ids: (batch, sequence), for T5: how the answers begin.

    Returns:
        (batch, words), of the dtype of `input_ids`: the new words alone, as many as the longest text got.

    Raises:
        TypeError: the net is no language model.
        ValueError: an option means nothing, or is not done here; a text is empty.
        FloatingPointError: a score is not finite: the message names the word and the first layer that gave it.
    """
    options: dict[str, Any] = {
        "max_new_tokens": max_new_tokens,
        "min_new_tokens": min_new_tokens,
        "eos_token_id": eos_token_id,
        "do_sample": do_sample,
        "temperature": temperature,
        "top_k": top_k,
        "top_p": top_p,
        "repetition_penalty": repetition_penalty,
        "seed": seed,
        "compiled": compiled,
        "decoder_input_ids": decoder_input_ids,
    }
    words = list(stream_generate(net, input_ids, attention_mask, **options))
    return Tensor(np.stack(words, 1), input_ids.dtype)


def stream_generate(
    net: Any,
    input_ids: Tensor,
    attention_mask: Tensor | None = None,
    max_new_tokens: int | None = None,
    *,
    compiled: bool = False,
    decoder_input_ids: Tensor | None = None,
    **options: Any,
) -> Iterator[NDArray[np.int64]]:
    """Give the words as they are written, one step after another.

    It ends when every text has; leaving it earlier costs nothing more.

    Args:
        net: as for `generate`, and so are all arguments.
        input_ids: (batch, sequence), int.
        attention_mask: (batch, sequence), 1 for a token and 0 for padding, on either side; default all 1.
        max_new_tokens: how many words to write at most; default 20.
        compiled: compile the prompt and the step, and keep them with the net.
        decoder_input_ids: (batch, sequence), for T5: how the answers begin.
        options: `temperature`, `top_k`, `seed` and the others of `generate`.

    Yields:
        For each step a word of each text, (batch,), int64.

    Raises:
        TypeError: the net is no language model, or `decoder_input_ids` is given and the net has no encoder.
        ValueError: an option means nothing, or is not done here; a text is empty, or too long.
        FloatingPointError: a score is not finite: the message names the word and the first layer that gave it.
    """
    if not isinstance(net, CausalLM) and not hasattr(net, "lm_head"):
        raise TypeError(f"{type(net).__name__} scores no next words: generate with …ForCausalLM, or the like")
    defaults = getattr(net, "generation_config", None) or {}
    choice = Choice.made(defaults, max_new_tokens=max_new_tokens, **options)
    if choice.do_sample and choice.seed is None and is_on_ranks(net):
        raise ValueError("seed=None: each rank would draw other words, and go on with its own: give all the same seed")
    ids, mask = texts_of(input_ids, attention_mask)
    check(net, input_ids, decoder_input_ids, int(mask.sum(1).max()), choice.max_new_tokens)
    if hasattr(net, "encoder"):
        given = None if decoder_input_ids is None else decoder_input_ids.asnumpy()
        start = np.full((len(ids), 1), net.decoder_start_token_id, ids.dtype) if given is None else given
        writer: Any = (
            _compiled.Answering(net, ids, mask, start, choice.max_new_tokens)
            if compiled
            else Answering(net, ids, mask, start)
        )
        seen = list(start)
    else:
        if decoder_input_ids is not None:
            raise TypeError(f"{type(net).__name__} has no encoder: the text it goes on with is input_ids alone")
        writer = _compiled.Continuing(net, ids, mask, choice.max_new_tokens) if compiled else Continuing(net, ids, mask)
        seen = [row[kept > 0] for row, kept in zip(ids, mask, strict=True)]
    return _closing(writer, _words(net, writer, choice, seen, (ids, mask)))


def is_on_ranks(net: Any) -> bool:
    """Tell whether several ranks compute one output of a net.

    Args:
        net: any cell.

    Returns:
        Whether an exchange between ranks is in it.
    """
    cells = (cell for _, cell in net.cells_and_names() if isinstance(cell, (Enter, Gather, HandOn, Leave)))
    return any(cell.active for cell in cells)


def _closing(writer: Any, words: Iterator[NDArray[np.int64]]) -> Iterator[NDArray[np.int64]]:
    """Close the writer when its words have come, or nobody wants more of them."""
    try:
        yield from words
    finally:
        writer.close()


def check(net: Any, input_ids: Tensor, decoder_input_ids: Tensor | None, length: int, words: int) -> None:
    """Refuse what the model will not read, before anything is computed or compiled.

    Args:
        net: the model.
        input_ids: (batch, sequence), int.
        decoder_input_ids: the same of what is written, or None.
        length: of the longest text.
        words: how many are to be written.

    Raises:
        ValueError: there is no vector for an id, or not for as many positions.
    """
    reader = net if isinstance(net, Reader) else getattr(net, getattr(net, "base_model_prefix", ""), None)
    if isinstance(reader, Reader):
        check_ids(reader, "input_ids", input_ids, reader.ids_below["input_ids"])
        check_ids(reader, "decoder_input_ids", decoder_input_ids, reader.ids_below["input_ids"])
        what = f"{length} positions and max_new_tokens={words} are {length + words - 1} to read"
        reader.check_length(what, length + words - 1)  # the last word is not read


def _words(
    net: Any, writer: Any, choice: Choice, seen: list[NDArray[Any]], texts: tuple[Any, Any]
) -> Iterator[NDArray[np.int64]]:
    ends = np.asarray(choice.eos_token_id, np.int64)
    ended = np.zeros(len(seen), bool)
    generators = choice.generators(len(seen))
    for written in range(choice.max_new_tokens):
        with launch_blocking():  # never beyond a step: what the caller does between two is the caller's
            scores = writer.scores()
        if not np.isfinite(scores).all():
            writer.close(keep=False)  # in its cache there may be what is no number
            raise not_finite(net, scores, written, seen, texts)
        words = choice.words(scores, seen, written, generators)
        if ended.any():
            words = np.where(ended, ends[0], words)
        yield words
        ended |= np.isin(words, ends)
        if ended.all() or written + 1 == choice.max_new_tokens:
            return
        seen = [np.append(row, word) for row, word in zip(seen, words, strict=True)]
        writer.go_on(words)
