"""Writes the model cards when the documentation is built: what `lazycell models --cards` writes, and how precise."""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File

from lazycell import cards, registered_models

DIRECTORY = "models"
PRECISION = Path(__file__).parents[1] / "precision.md"


def on_files(files: Any, config: Any) -> Any:
    """Add a page for each family of the zoo, and one that lists them; `mkdocs.yml` says where they stand."""
    for name, text in _pages().items():
        files.append(File.generated(config, f"{DIRECTORY}/{name}.md", content=text))
    return files


@functools.cache  # a server builds again at each change
def _pages() -> dict[str, str]:
    models = [model for model in registered_models() if model.cls.__module__.startswith("models.")]
    modules = {model.model_type: model.cls.__module__.partition(".")[2] for model in models}
    return {name: text + precision_of(modules.get(name, "")) for name, text in cards.family_pages(models).items()}


def precision_of(family: str) -> str:
    """Give the rows of the page of precision that are about a family, as a section; nothing where there are none."""
    found = []
    heading, titles = "", ""
    for line in PRECISION.read_text().splitlines():
        if line.startswith("### "):
            heading = line.removeprefix("### ")
        elif re.match(r"\|\s+\|", line):
            titles = line
        elif re.match(rf"\| {re.escape(family)} +\|", line) and heading:
            found.append((heading, line, titles))
    if not family or not found:
        return ""
    first = _cells(found[0][2])[1:]
    rows = [
        f"| {heading} | {' | '.join(_cells(line)[1:])} |" for heading, line, titles in found if titles == found[0][2]
    ]
    table = "\n".join((f"| | {' | '.join(first)} |", f"| --- |{' --: |' * len(first)}", *rows))
    return (
        "\n## Precision\n\nHow far a small net in half precision is from the same in float32, in units of the dtype's "
        f"epsilon; [the page of precision](../precision.md) says how that is measured.\n\n{table}\n"
    )


def _cells(line: str) -> list[str]:
    return [each.strip() for each in line.strip("|").split("|")]
