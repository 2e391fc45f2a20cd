"""The pictures in the documentation are those that a program makes."""

from __future__ import annotations

import re
import struct
from pathlib import Path

from tests.viewer.browser import Page, prefer, resize
from tests.viewer.screenshots import IMAGES, PICTURES, take

DOCS = IMAGES.parent
LARGEST = 150_000
"""Bytes of a picture."""


def size(picture: Path) -> tuple[int, int]:
    """Give the width and height of a PNG (RFC 2083, 4.1.1)."""
    head = picture.read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", head[16:])
    return width, height


def test_the_program_makes_each_picture_in_its_size(chromium: Page, tmp_path: Path) -> None:
    """Pixels are not compared: another Chromium draws letters otherwise. `python -m tests.viewer.screenshots` rewrites them."""
    try:
        take(chromium, tmp_path)
    finally:
        resize(chromium.driver, 1280, 800)
        prefer(chromium.driver, "light")
    made = {each.name: size(each) for each in tmp_path.iterdir()}
    assert made == {each.name: size(each) for each in IMAGES.glob("viewer-*")}
    assert made == {f"{name}.png": pixels for name, (_, pixels, _, _) in PICTURES.items()}
    assert [each.name for each in IMAGES.glob("viewer-*") if each.stat().st_size > LARGEST] == []
    assert chromium.errors() == []


def test_the_documentation_shows_all_of_them_and_no_other() -> None:
    named = {
        (page.parent / picture).resolve()
        for page in DOCS.rglob("*.md")
        for picture in re.findall(r"!\[[^\]]+\]\(([^)\s]+\.png)\)", page.read_text(encoding="utf-8"))
    }
    assert {each for each in named if each.name.startswith("viewer-")} == {
        each.resolve() for each in IMAGES.glob("viewer-*")
    }
