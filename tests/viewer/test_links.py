"""The address of the page tells what is open, and opens it; whoever wrote it, it does no harm."""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import quote

import pytest
from selenium.common.exceptions import TimeoutException
from selenium.webdriver.support.ui import WebDriverWait

from lazycell.manifest._manifest import Manifest
from tests.viewer.browser import Keys, Page
from tests.viewer.samples import HOSTILE, LAYERS, changed, entry, small


def address(page: Page, expected: str) -> str:
    """Give what is after the `#`, when it is this or nothing comes any more: it follows the reader with a pause."""
    hash_of = "return location.hash"
    with suppress(TimeoutException):  # the assertion tells what there is instead
        WebDriverWait(page.driver, 3, 0.05).until(lambda _: page.run(hash_of) == expected)
    return page.run(hash_of)


def go(page: Page, hash_: str) -> None:
    """Change the address, and wait until the page was told."""
    page.driver.execute_async_script(
        "addEventListener('hashchange', () => arguments[1](), { once: true }); location.hash = arguments[0]", hash_
    )


class TestWritten:
    def test_at_first_there_is_nothing_to_tell(self, page: Page) -> None:
        assert address(page, "") == ""

    def test_it_follows_selection_search_zoom_colours_and_order(self, page: Page) -> None:
        steps = page.run("return history.length")
        page.one("#tree").send_keys(Keys.ARROW_DOWN, Keys.ARROW_DOWN)
        assert address(page, f"#select={LAYERS}") == f"#select={LAYERS}"
        page.press(Keys.ENTER)
        page.one("#mode option[value=dtype]").click()
        page.one("#by-bytes").click()
        page.search("norm (16,)")
        whole = f"#select={LAYERS}&zoom={LAYERS}&find=norm%20(16,)&colour=dtype&sort=bytes"
        assert address(page, whole) == whole
        assert page.run("return history.length") == steps

    def test_a_button_copies_it(self, page: Page) -> None:
        page.one("#tree").send_keys(Keys.ARROW_DOWN)
        page.one("#copy").click()
        WebDriverWait(page.driver, 5).until(lambda _: page.one("#copied").text == "Copied")
        page.one("#search").send_keys(Keys.CONTROL, "v")
        pasted = page.one("#search").get_attribute("value")
        assert pasted.startswith("file:///")
        assert pasted.endswith("#select=embed")


class TestRead:
    def test_it_opens_what_it_tells(self, chromium: Page) -> None:
        chromium.open(small().to_html(), f"select={LAYERS}.norm&zoom={LAYERS}&find=norm&colour=trainable&sort=bytes")
        assert chromium.selected == f"{LAYERS}.norm"
        assert chromium.rows == ["Small", LAYERS, "norm"]
        assert chromium.crumbs == ["Small", LAYERS]
        assert [chromium.one(f"#{each}").get_attribute("value") for each in ("mode", "sort", "search")] == [
            *("trainable", "bytes", "norm")
        ]
        assert chromium.errors() == []

    def test_a_single_layer_is_taken_out_of_its_branch(self, chromium: Page) -> None:
        chromium.open(small().to_html(), "select=layers.1.up.bias")
        assert chromium.selected == "layers.1.up.bias"
        assert chromium.rows == [
            "Small",
            "embed",
            "layers",
            "0",
            "1",
            "up",
            "weight",
            "bias",
            "norm",
            "head",
            "position_ids",
        ]

    @pytest.mark.parametrize(
        "name", ["layers.0.x", "layers.{0,2}.x", "layers.2.x", "layers.1", "layers.{0,2}", "layers"]
    )
    def test_every_path_leads_back_to_what_has_it(self, chromium: Page, name: str) -> None:
        net = Manifest("Net", tuple(entry(f"layers.{each}.x", (2 + each % 2,)) for each in range(3)))
        chromium.open(net.to_html(), f"select={quote(name)}")
        assert chromium.selected == name

    def test_it_is_read_again_when_it_changes(self, compared: Page) -> None:
        go(compared, "select=extra.scale&only=differences")
        assert compared.selected == "extra.scale"
        assert compared.one("#only").is_selected()
        go(compared, "find=embed")
        assert not compared.one("#only").is_selected()
        assert compared.rows == ["Small", "embed", "weight"]
        go(compared, "")
        assert compared.one("#search").get_attribute("value") == ""
        assert compared.rows[:2] == ["Small", "embed"]

    def test_strange_names_make_the_way_there_and_back(self, chromium: Page) -> None:
        strange = f"a&b=c%20#{{0,1}}é .{HOSTILE}"
        chromium.open(Manifest("Net", (entry(strange, (2,)), entry("other", (3,)))).to_html())
        chromium.one("#tree").send_keys(Keys.END)
        chromium.one("#tree").send_keys(Keys.HOME, Keys.ARROW_DOWN, Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
        assert chromium.selected == strange
        WebDriverWait(chromium.driver, 5).until(lambda _: len(chromium.run("return location.hash")) > 20)
        kept = chromium.run("return location.hash.slice(1)")
        chromium.one("#tree").send_keys(Keys.HOME)
        assert address(chromium, "") == ""
        go(chromium, kept)
        assert chromium.selected == strange
        assert chromium.errors() == []


class TestHostile:
    def test_what_leads_nowhere_is_passed_over(self, page: Page) -> None:
        for hash_ in (
            f"select={quote(HOSTILE)}&zoom={quote(HOSTILE)}",
            "select=%E0%A4%A&zoom=%",
            "colour=__proto__&sort=constructor&select=__proto__",
            "select=layers..&zoom=embed.weight",
            "select=" + "." * 10_000,
            "=&&&==&select",
            "only=differences",
            "find=" + quote("(((*") * 1_000,
            "colour=marks",
        ):
            go(page, hash_)
            assert page.selected == "Small", hash_
            assert page.crumbs == ["Small"]
            assert page.one("#mode").get_attribute("value") == "role"
        assert page.run("return document.querySelectorAll('img').length") == 0

    def test_a_selection_that_the_search_leaves_out(self, chromium: Page) -> None:
        chromium.open(small().to_html(changed()), "select=embed.weight&find=norm&only=differences&zoom=layers.0")
        chromium.one("#tree").send_keys(Keys.ARROW_DOWN)
        assert chromium.errors() == []
