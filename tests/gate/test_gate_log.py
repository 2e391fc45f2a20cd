"""The log of accepted changes."""

from __future__ import annotations

from pathlib import Path

from lazycell.gate._gate_log import entry_of, with_entry
from lazycell.gate._hold import hold

from .test_hold import committed, model


def test_first_and_second_entry(tmp_path: Path):
    """The first entry gets a title before it; each later one is appended, and nothing before it changes."""
    old, new = model(2, 3, "query"), model(2, 3, "queries")
    first = with_entry("", entry_of([hold("a", tmp_path / "a.json", old)], "the first", "2026-11-24"))
    assert first.startswith("# Changes of the manifests\n\n")
    assert first.endswith(f"\n\n## 2026-11-24: the first\n\n- `a`: new, {old.digest[:12]}\n")
    held = hold("a", committed(tmp_path, "a", old), new)
    second = with_entry(first, entry_of([held], "the second", "2026-11-25", orphaned=["a"]))
    line = f"- `a`: {old.digest[:12]} -> {new.digest[:12]}; 2 renamed (guesses), without a migration"
    assert second == f"{first}\n## 2026-11-25: the second\n\n{line}\n"


def test_one_entry_for_all(tmp_path: Path):
    """What was accepted together is together, a line each."""
    gone = hold("gone", committed(tmp_path, "gone", model(1, 2)), None)
    new = hold("new", tmp_path / "new.json", model(1, 2))
    text = with_entry("# Title", entry_of([gone, new], "why", "2026-11-24"))
    digest = model(1, 2).digest[:12]
    assert text == f"# Title\n\n## 2026-11-24: why\n\n- `gone`: removed, was {digest}\n- `new`: new, {digest}\n"


def test_a_reason_is_one_line(tmp_path: Path):
    """However it was written, it is one heading, and harmless in a terminal."""
    text = entry_of([hold("a", tmp_path / "a.json", model(1, 2))], " two\n\n# lines\x1b[2J ", "2026-11-24")
    assert text.startswith("## 2026-11-24: two # lines\\x1b[2J\n")
