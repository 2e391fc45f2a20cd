"""The pictures of the page in the documentation: `python -m tests.viewer.screenshots` makes them anew."""

from __future__ import annotations

from pathlib import Path

import attrs

from lazycell.cli._side import find_side
from lazycell.manifest import Manifest

from .browser import Page, browser, prefer, resize

IMAGES = Path(__file__).parents[2] / "docs" / "images"

LAYERS = "encoder.layer.{0..11}"
PICTURES = {
    "viewer-light": ("light", (1120, 700), None, f"select={LAYERS}.intermediate"),
    "viewer-dark": ("dark", (1120, 700), None, f"select={LAYERS}.attention.self.query.weight&find=768x768&sort=bytes"),
    "viewer-diff": ("light", (1120, 700), "bert-large-uncased", "select=embeddings.word_embeddings.weight"),
    "viewer-phone": ("light", (390, 780), None, f"select={LAYERS}.attention"),
}
"""For each: the scheme, the pixels of the window, the other side, and what the address says is open."""


def take(page: Page, folder: Path) -> None:
    """Write all pictures into a folder.

    Args:
        page: of a browser; its window is left at another size.
        folder: it is there.
    """
    model = _asked("bert-base-uncased")
    for name, (scheme, size, other, address) in PICTURES.items():
        resize(page.driver, *size)
        prefer(page.driver, scheme)
        page.open(model.to_html(None if other is None else _asked(other)), address)
        (folder / f"{name}.png").write_bytes(page.driver.get_screenshot_as_png())


def _asked(preset: str) -> Manifest:
    return attrs.evolve(find_side(preset), source=preset)


def main() -> None:
    """Write the pictures of the documentation."""
    with browser() as page:
        take(page, IMAGES)


if __name__ == "__main__":
    main()
