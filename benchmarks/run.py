"""Models that run: `python -m benchmarks.run`, beside transformers on torch, and the same models written by hand.

Hand-written models are measured as MindSpore launches operators by itself, and with `pynative_synchronize`: on the CPU
this is faster where operators are small. lazycell is held against the better one.
"""

from __future__ import annotations

from ._case import OURS, Case, Quantity, Side, Target
from ._command import command
from .running._files import write, write_minilm
from .running._task import Task

_COMPILED = f"{OURS}, compiled"
_SYNCHRONOUS = f"{OURS}, synchronous"
_PLAIN, _PLAIN_SYNCHRONOUS, _PLAIN_COMPILED = "plain cells", "plain cells, synchronous", "plain cells, compiled"
_PEER = "transformers"


def _sides(*steps: str, synchronous: bool) -> tuple[Side, ...]:
    """Give everybody who does it; `generate` chooses by itself how it launches, a net is called in both ways."""
    ours = [(OURS, "eager"), *([(_SYNCHRONOUS, "synchronous")] if synchronous else []), (_COMPILED, "compiled")]
    plain = [(_PLAIN, "eager"), (_PLAIN_SYNCHRONOUS, "synchronous"), (_PLAIN_COMPILED, "compiled")]
    return (
        *(_of_mindspore(name, "running._zoo", steps, mode) for name, mode in ours),
        Side(_PEER, "running._transformers", steps, ("torch", "transformers")),
        *(_of_mindspore(name, "running._plain", steps, mode) for name, mode in plain),
    )


def _of_mindspore(name: str, module: str, steps: tuple[str, ...], mode: str) -> Side:
    # Each process compiles anew, which takes longer than what is measured.
    return Side(name, module, steps, ("mindspore",), rounds=3, mode=mode)


_SMOLLM = Task(
    "generate",
    "llama",
    n_layers=30,
    width=576,
    inner=1536,
    n_heads=9,
    n_groups=3,
    vocabulary=49_152,
    batch=1,
    length=64,
    answers=17,
    repeats=3,
)
_FEW_WORDS = Task("generate", "llama", 2, 32, 48, 4, 2, vocabulary=300, batch=1, length=6, answers=4, repeats=1)
_MINILM = Task("embed", "bert", 6, 384, 1536, 12, 12, vocabulary=30_522, batch=64, length=512, answers=1, repeats=7)
_BERT_MINI = Task("train", "bert", 4, 256, 1024, 4, 4, vocabulary=30_522, batch=16, length=128, answers=6, repeats=8)


def _generation(batch: int) -> Case:
    return Case(
        f"generate-{batch}",
        f"Generate with a Llama of SmolLM-135M's shape, batch {batch}",
        _SMOLLM._replace(batch=batch),
        _FEW_WORDS._replace(batch=batch),
        _sides("load", "prompt", "word", synchronous=False),
        ".safetensors",
        ends="computed",
        prepare=write,
    )


CASES = (
    _generation(1),
    _generation(8),
    Case(
        "embed",
        "Embed 64 sentences with all-MiniLM-L6-v2",
        _MINILM,
        _MINILM._replace(batch=3, repeats=1),
        _sides("load", "batch", synchronous=True),
        ends="computed",
        prepare=write_minilm,
    ),
    Case(
        "train",
        "Train a classifier of BERT-mini's shape with Adam",
        _BERT_MINI,
        _BERT_MINI._replace(n_layers=1, width=32, inner=64, vocabulary=300, batch=2, length=8, answers=3, repeats=2),
        _sides("load", "step", synchronous=True),
        ".safetensors",
        ends="computed",
        prepare=write,
    ),
)


def _target(what: str, case: str, step: str, times: float, ours: tuple[str, ...], peers: tuple[str, ...]) -> Target:
    measured, reference = (Quantity(case, each[0], "seconds", (step,), each[1:]) for each in (ours, peers))
    return Target(what, measured, reference, times)


def _of_generation(case: str) -> tuple[Target, ...]:
    compiled, eager = (_COMPILED,), (OURS,)
    by_hand = (_PLAIN, _PLAIN_SYNCHRONOUS)
    return (
        _target("a word, compiled", case, "word", 1.5, compiled, (_PEER,)),
        _target("prompt, compiled", case, "prompt", 1.5, compiled, (_PEER,)),
        _target("a word, PyNative", case, "word", 4, eager, (_PEER,)),
        _target("prompt, PyNative", case, "prompt", 2.5, eager, (_PEER,)),
        _target("a word, compiled", case, "word", 1, compiled, (_PLAIN_COMPILED,)),
        _target("prompt, compiled", case, "prompt", 1, compiled, (_PLAIN_COMPILED,)),
        _target("a word, PyNative", case, "word", 1, eager, by_hand),
        _target("prompt, PyNative", case, "prompt", 1, eager, by_hand),
    )


def _of_calls(case: str, step: str, times: float) -> tuple[Target, ...]:
    eager = (OURS, _SYNCHRONOUS)
    return (
        _target(f"{step}, best mode", case, step, times, (*eager, _COMPILED), (_PEER,)),
        _target(f"{step}, compiled", case, step, 1, (_COMPILED,), (_PLAIN_COMPILED,)),
        _target(f"{step}, PyNative", case, step, 1, eager, (_PLAIN, _PLAIN_SYNCHRONOUS)),
    )


TARGETS = (
    *_of_generation("generate-1"),
    *_of_generation("generate-8"),
    *_of_calls("embed", "batch", 1.5),
    *_of_calls("train", "step", 2),
)

if __name__ == "__main__":
    command("Running", CASES, TARGETS)(prog_name="python -m benchmarks.run")
