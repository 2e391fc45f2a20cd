"""Made-up histories of a model's names: renames of cells and parameters, one after the other, and what they led to."""

from __future__ import annotations

import attrs
from hypothesis import strategies as st

from lazycell.history._migration import Migration

SEGMENTS = ("a", "b", "c", "0", "1")
STARTS = st.lists(
    st.lists(st.sampled_from(SEGMENTS), min_size=1, max_size=3).map(tuple), min_size=1, max_size=8, unique=True
)


@attrs.frozen
class History:
    """What happened.

    Attributes:
        versions: the names of each parameter, in the same order at each time, the oldest first.
        migrations: what led from each to the next, with the paths of the cells as they are now.
    """

    versions: tuple[tuple[str, ...], ...]
    migrations: tuple[Migration, ...]


@st.composite
def histories(draw: st.DrawFn, *, reuse: bool = True) -> History:
    """Draw a history.

    Args:
        draw: Hypothesis's.
        reuse: whether a name that nothing has any more may be given again.
    """
    names = [".".join(each) for each in draw(STARTS)]
    # No parameter is a cell.
    names = [name for name in names if not any(other.startswith(f"{name}.") for other in names)]
    versions = [tuple(names)]
    steps: list[tuple[dict[str, str], list[str]]] = []
    for time in range(draw(st.integers(1, 4))):
        cells = sorted({"", *(name[: end + 1] for name in names for end in _dots(name))})
        cell = draw(st.sampled_from(cells))
        inside = sorted({name[len(cell) :].partition(".")[0] for name in names if name.startswith(cell)})
        old = draw(st.sampled_from(inside))
        free = [each for each in (*SEGMENTS, "x", "y") if each not in inside] if reuse else [f"s{time}"]
        new = draw(st.sampled_from(free))
        is_cell = cell + old not in names
        exact = {
            name[len(cell) :]: new + name[len(cell) + len(old) :]
            for name in names
            if name == cell + old or name.startswith(f"{cell}{old}.")
        }
        rename = {f"{old}.{{*rest}}": f"{new}.{{*rest}}"} if is_cell and draw(st.booleans()) else exact
        names = [
            cell + exact.get(name[len(cell) :], name[len(cell) :]) if name.startswith(cell) else name for name in names
        ]
        moved = f"{cell}{old}."
        steps = [
            (rules, [f"{cell}{new}.{path[len(moved) :]}" if path.startswith(moved) else path for path in paths])
            for rules, paths in steps
        ]
        steps.append((rename, [cell]))
        versions.append(tuple(names))
    migrations = tuple(
        Migration(
            "Cell", rename, f"step {time}", f"2026-01-{time + 1:02}T00:00:00Z", prefixes=tuple(paths), position=time
        )
        for time, (rename, paths) in enumerate(steps)
    )
    return History(tuple(versions), migrations)


def _dots(name: str) -> list[int]:
    return [position for position, letter in enumerate(name) if letter == "."]
