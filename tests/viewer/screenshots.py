"""The pictures of the viewer in the documentation: `python -m tests.viewer.screenshots` makes them anew."""

from __future__ import annotations

from pathlib import Path

from lazycell import Manifest
from models.bert import BertModel

from .browser import browser, prefer

IMAGES = Path(__file__).parents[2] / "docs" / "images"


def main() -> None:
    """Write a picture of a model in either scheme, and of two models side by side."""
    model = BertModel.manifest()
    larger = BertModel.manifest(vocab_size=28996, num_hidden_layers=13, add_pooling_layer=False)
    IMAGES.mkdir(exist_ok=True)
    views: dict[str, tuple[str, Manifest | None]] = {
        "viewer-light": ("light", None),
        "viewer-dark": ("dark", None),
        "viewer-diff": ("light", larger),
    }
    with browser() as page:
        for name, (scheme, other) in views.items():
            prefer(page.driver, scheme)
            page.open(model.to_html(other))
            page.driver.save_screenshot(str(IMAGES / f"{name}.png"))


if __name__ == "__main__":
    main()
