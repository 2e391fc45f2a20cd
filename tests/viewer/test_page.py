"""The page as text: its parts are in it, nothing gets out of its data, and nothing is asked of the network."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from importlib.resources import files

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lazycell.viewer
from lazycell.viewer._data import Rows, Side, Spec, View
from lazycell.viewer._page import SCRIPTS, page
from tests.viewer.samples import HOSTILE

SIDE = Side("Net", True, "0" * 64, 1, 1, 1, 4)


def view(*names: str, title: str = "Net", **spec: str) -> View:
    """Give a view of parameters that are alike."""
    rows = Rows([0] * len(names), list(range(len(names))), [0] * len(names))
    alike = attrs.evolve(Spec(shape=(1,), dtype="float32", initializer="ones", size=1, nbytes=4), **spec)
    return View((attrs.evolve(SIDE, title=title),), ("",), names, (alike,), (), rows)


class Reader(HTMLParser):
    """What a browser makes of it: the tags, and the text of scripts."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, str] = {}
        self._open = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))
        self._open = tag + (dict(attributes).get("id") or "" if tag == "script" else "")

    def handle_data(self, data: str) -> None:
        self.texts[self._open] = self.texts.get(self._open, "") + data

    def handle_endtag(self, tag: str) -> None:
        self._open = ""


def data_of(html: str) -> dict[str, object]:
    """Read the data back out of a page."""
    return json.loads(Reader(html).texts["scriptdata"])


def tags(html: str) -> list[str]:
    """Give the names of all elements."""
    return [tag for tag, _ in Reader(html).tags]


class TestWhatIsInIt:
    def test_every_asset_is_used_and_every_part_is_filled_in(self) -> None:
        html = page(view("weight"))
        folder = files(lazycell.viewer).joinpath("assets")
        assert {each.name for each in folder.iterdir()} == {
            "viewer.html",
            "viewer.css",
            *(f"{name}.js" for name in SCRIPTS),
        }
        for asset in folder.iterdir():
            if not asset.name.endswith(".html"):
                assert asset.read_text(encoding="utf-8") in html
        assert "@@" not in html

    def test_the_data_can_be_read_back(self) -> None:
        shown = view("weight", "bias", expression="(hidden,)")
        assert data_of(page(shown)) == json.loads(json.dumps(shown.plain()))

    def test_the_title_is_the_models(self) -> None:
        assert Reader(page(view("weight", title="Größe & Co"))).texts["title"] == "Größe & Co"

    def test_two_models_are_named_old_first(self) -> None:
        shown = attrs.evolve(view("weight"), sides=(SIDE, attrs.evolve(SIDE, title="Later")))
        assert Reader(page(shown)).texts["title"] == "Net → Later"

    def test_marks_are_named_only_where_two_are_compared(self) -> None:
        assert data_of(page(view("weight")))["markNames"] == []


class TestNothingGetsOut:
    @pytest.mark.parametrize("place", ["name", "title", "expression", "initializer", "tags"])
    def test_a_hostile_text_adds_no_element(self, place: str) -> None:
        plain = tags(page(view("weight")))
        shown = {
            "name": view(HOSTILE),
            "title": view("weight", title=HOSTILE),
            "expression": view("weight", expression=HOSTILE),
            "initializer": view("weight", initializer=HOSTILE),
            "tags": attrs.evolve(view("weight"), specs=(Spec(tags=(HOSTILE,)),)),
        }[place]
        assert tags(page(shown)) == plain

    def test_data_that_looks_like_a_part_of_the_template_stays_data(self) -> None:
        assert data_of(page(view("@@STYLE@@", title="@@DATA@@")))["words"] == ["@@STYLE@@"]

    @given(st.text(st.characters()))
    def test_any_name_comes_back_and_adds_no_element(self, name: str) -> None:
        html = page(view(name))
        assert data_of(html)["words"] == [name]
        assert len(tags(html)) == len(tags(page(view("weight"))))

    @pytest.mark.parametrize("name", ["\ud800", "\u2028", "\x00", "\u202egnp"])
    def test_what_no_file_can_hold_is_escaped(self, name: str) -> None:
        html = page(view(name, title=name))
        assert name not in html
        assert data_of(html)["words"] == [name]
        html.encode("utf-8")


class TestNoNetwork:
    def test_the_policy_forbids_all_requests(self) -> None:
        metas = [attributes for tag, attributes in Reader(page(view("weight"))).tags if tag == "meta"]
        policy = next(each["content"] for each in metas if each.get("http-equiv") == "Content-Security-Policy")
        assert policy is not None
        assert policy.split("; ") == [
            "default-src 'none'",
            "style-src 'unsafe-inline'",
            "script-src 'unsafe-inline'",
            "img-src data:",
        ]

    def test_no_address_is_in_it(self) -> None:
        html = page(view("weight"))
        assert not re.findall(r"""(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}|@import|url\(""", html)
        addresses = [value for _, each in Reader(html).tags for name, value in each.items() if name in ("src", "href")]
        assert addresses == ["data:,"]

    def test_no_script_writes_markup_or_evaluates_text(self) -> None:
        script = Reader(page(view("weight"))).texts["script"]
        for way in (
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "new Function",
            "fetch(",
        ):
            assert way not in script
