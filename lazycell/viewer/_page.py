"""Put the page together: template, style, script and data, in one file that asks the network for nothing."""

from __future__ import annotations

import html
import json
from importlib.resources import files

from ._data import View

SCRIPTS = (
    *("grow", "folds", "model", "shown", "words", "colours", "search", "store"),
    *("tree", "squarify", "treemap", "details"),
    *("choose", "narrow", "pointing", "legend", "header", "keys", "link", "main"),
)
"""The script's files in the order in which they are joined: each uses only what those before it define."""

# Names are data: none of these characters can end the script element, or open a comment in it.
_ESCAPES = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})


def page(view: View) -> str:
    """Give the whole page.

    Args:
        view: what to show. Names may hold anything: they get into the page as escaped JSON alone.

    Returns:
        An HTML document in ASCII, without a single reference to anything outside of it.
    """
    title = " → ".join(side.name for side in view.sides)
    parts = {
        "TITLE": _text(title),
        "STYLE": _asset("viewer.css"),
        "SCRIPT": "\n".join(_asset(f"{name}.js") for name in SCRIPTS),
        "DATA": json.dumps(view.plain(), separators=(",", ":")).translate(_ESCAPES),
    }
    # Split, not replaced: what is put in is never searched for the marks of what comes after.
    pieces = _asset("viewer.html").split("@@")
    return "".join(parts[piece] if position % 2 else piece for position, piece in enumerate(pieces))


def _text(text: str) -> str:
    """Write text as HTML; what would not show, or would turn the text around, becomes the sign for what is unknown."""
    shown = "".join(letter if letter.isprintable() else "\ufffd" for letter in text)
    return html.escape(shown).encode("ascii", "xmlcharrefreplace").decode("ascii")


def _asset(name: str) -> str:
    return files(__package__).joinpath("assets").joinpath(name).read_text(encoding="utf-8")
