"""A row of the table: what was found of one model, judged."""

from __future__ import annotations

from typing import Any

import attrs

from ._model import Model
from ._run import Result

_SMALL = 0.02  # of the bytes: as much as a lazy net may have allocated


@attrs.frozen
class Row:
    """One model.

    Attributes:
        model: which.
        parameters: how many; None: it could not be built eagerly.
        bytes: of all of them.
        share: of these bytes, those of parameters that have values after a lazy build.
        their_share: the same under MindSpore's `no_init_parameters`.
        seconds: processor time of a build, by way: `eager`, `lazycell`, `mindspore`.
        ratios: the quartiles of lazycell's time to MindSpore's of the same round; empty: not both were timed.
        differing: parameters that are not the eager twin's, bit for bit, after they were initialized.
        mindspore_file: whether a lazy net loads what `mindspore.save_checkpoint` wrote, bit for bit.
        lazycell_file: the same for `lazycell.save_checkpoint`.
        torch_file: the same for a file under PyTorch's names.
        computed: the largest difference of the outputs; None: they could not be had.
        problems: the errors, by stage.
    """

    model: Model
    parameters: int | None
    bytes: int
    share: float | None
    their_share: float | None
    seconds: dict[str, float]
    ratios: tuple[float, ...]
    differing: int | None
    mindspore_file: bool
    lazycell_file: bool
    torch_file: bool
    computed: float | None
    problems: dict[str, str]

    @property
    def small(self) -> bool:
        """Whether next to nothing is allocated."""
        return self.share is not None and self.share <= _SMALL

    @property
    def equal(self) -> bool:
        """Whether the initialized values are the eager ones."""
        return self.differing == 0

    @property
    def both(self) -> bool:
        """Whether both contexts were timed: some models cannot be built under MindSpore's."""
        return {"lazycell", "mindspore"} <= self.seconds.keys()

    @property
    def no_slower(self) -> bool:
        """Whether the lazy build took no longer than under MindSpore's context."""
        return self.both and self.seconds["lazycell"] <= self.seconds["mindspore"]

    @property
    def verdict(self) -> str:
        """Which is built faster: `faster` or `slower` where three of four rounds say so, else `same`; "": unknown."""
        if not self.ratios:
            return ""
        low, _, high = self.ratios
        return "faster" if high < 1 else "slower" if low > 1 else "same"


def row(model: Model, result: Result) -> Row:
    """Judge what was found."""
    eager, seconds = result.get("eager", {}), {**result.get("seconds", {})}
    ratios = tuple(seconds.pop("ratios", ()))
    size = eager.get("bytes", 0)

    def share(stage: str) -> float | None:
        found = result.get(stage, {})
        return found["bytes"] / size if "bytes" in found and size else None

    def loads(stage: str) -> bool:
        found = result.get(stage, {})
        return found.get("differing") == 0 and found.get("left") == 0

    return Row(
        model=model,
        parameters=eager.get("parameters"),
        bytes=size,
        share=share("lazy"),
        their_share=share("mindspore"),
        seconds={} if "error" in seconds else seconds,
        ratios=ratios,
        differing=result.get("equal", {}).get("differing"),
        mindspore_file=loads("mindspore_file"),
        lazycell_file=loads("lazycell_file"),
        torch_file=loads("torch_file"),
        computed=result.get("computed", {}).get("difference"),
        problems={stage: found["error"] for stage, found in result.items() if "error" in found},
    )


def line(row: Row) -> str:
    """Give a row for the terminal."""
    words: list[Any] = [
        f"{row.model.name:42.42}",
        "-" if row.share is None else f"{row.share:6.1%}",
        "  ".join(f"{way} {seconds * 1e3:.0f} ms" for way, seconds in row.seconds.items()),
        *([f"{spread(row)} {row.verdict}"] if row.ratios else []),
        "equal" if row.equal else f"{row.differing} differ",
        *(word for word, good in _files(row).items() if not good),
        "not run" if row.computed is None else f"{row.computed:g}",
        *(f"[{stage}: {error[:90]}]" for stage, error in row.problems.items()),
    ]
    return "  ".join(str(word) for word in words)


def _files(row: Row) -> dict[str, bool]:
    return {"no .ckpt": row.mindspore_file, "no .safetensors": row.lazycell_file, "no torch": row.torch_file}


def spread(row: Row) -> str:
    """Give the ratio of the times with its quartiles, `0.93 (0.87 to 1.02)`."""
    low, middle, high = row.ratios
    return f"{middle:.2f} ({low:.2f} to {high:.2f})"


def totals(rows: list[Row]) -> list[str]:
    """Give what holds for how many of the models."""
    count = len(rows)
    ran = [each for each in rows if each.computed is not None]
    facts = {
        "build eagerly": sum(each.parameters is not None for each in rows),
        f"have at most {_SMALL:.0%} of their bytes allocated": sum(each.small for each in rows),
        "have the eager values": sum(each.equal for each in rows),
        "load mindspore.save_checkpoint": sum(each.mindspore_file for each in rows),
        "load lazycell.save_checkpoint": sum(each.lazycell_file for each in rows),
        "load PyTorch's names": sum(each.torch_file for each in rows),
    }
    lines = [f"{number} of {count} {fact}" for fact, number in facts.items()]
    lines.append(f"{sum(each.computed == 0 for each in ran)} of {len(ran)} that run compute the same to the bit")
    timed = [each for each in rows if each.both]
    if timed:
        sums = {way: sum(each.seconds[way] for each in timed) for way in ("eager", "lazycell", "mindspore")}
        lines += [
            f"{sum(each.no_slower for each in timed)} of the {len(timed)} that MindSpore's no_init_parameters can build"
            " are built no slower than by it",
            *_verdicts(timed),
            "all of these together: " + ", ".join(f"{way} {each:.2f} s" for way, each in sums.items()),
        ]
    return lines


def _verdicts(timed: list[Row]) -> list[str]:
    known = [each.verdict for each in timed if each.verdict]
    if not known:
        return []
    faster, same, slower = map(known.count, ("faster", "same", "slower"))
    return [
        f"of {len(known)} of them, {faster} are built faster than by it, {slower} slower, and {same} in the same time, "
        "as far as the rounds tell"
    ]
