"""The page by keyboard alone, and the list of its keys."""

from __future__ import annotations

import re
from importlib.resources import files

import lazycell.viewer
from tests.viewer.browser import Keys, Page
from tests.viewer.samples import LAYERS


def is_open(page: Page) -> bool:
    """Whether the list of keys is to be seen."""
    return page.one("#keys").is_displayed()


class TestList:
    def test_a_key_opens_it_escape_closes_it_and_the_focus_returns(self, page: Page) -> None:
        page.search("norm")
        page.press(Keys.ENTER, Keys.ARROW_DOWN)  # into the tree
        page.press("?")
        assert is_open(page)
        assert page.run("return document.activeElement.closest('dialog') !== null")
        page.press(Keys.ESCAPE)
        assert not is_open(page)
        assert page.driver.switch_to.active_element.get_attribute("id") == "tree"
        # Escape closed the list, and left the search alone; the keys of the page slept meanwhile.
        assert page.one("#search").get_attribute("value") == "norm"

    def test_keys_of_the_page_sleep_below_it(self, page: Page) -> None:
        page.one("#tree").send_keys("?")
        page.press("/", "u")
        assert page.run("return document.activeElement.id") == "close-keys"
        assert LAYERS in page.rows

    def test_a_button_opens_and_closes_it(self, page: Page) -> None:
        page.one("#show-keys").click()
        assert is_open(page)
        page.one("#close-keys").click()
        assert not is_open(page)
        assert page.driver.switch_to.active_element.get_attribute("id") == "show-keys"

    def test_who_types_a_question_mark_asks_for_one(self, page: Page) -> None:
        page.search("?")
        assert not is_open(page)

    def test_every_key_that_does_something_is_in_it(self, page: Page) -> None:
        listed = set(page.run("return [...document.querySelectorAll('#keys kbd')].map((key) => key.textContent)"))
        arrows = {"ArrowUp": "↑", "ArrowDown": "↓", "ArrowLeft": "←", "ArrowRight": "→", '" "': "Space"}
        assets = files(lazycell.viewer).joinpath("assets")
        script = "".join(assets.joinpath(f"{name}.js").read_text(encoding="utf-8") for name in ("pointing", "keys"))
        handled = {
            key.strip('"') if key != '" "' else key for key in re.findall(r'^  ("?[^\s":]+"?|" "): \(', script, re.M)
        }
        assert {"Escape", "u", "?", "Home", '" "', "Backspace"} <= handled
        assert {arrows.get(key, key) for key in handled} <= listed


class TestAlone:
    def test_from_the_search_to_one_layer_and_its_place_in_the_map(self, page: Page) -> None:
        page.press("/")
        page.press("norm")
        page.press(Keys.ENTER, Keys.ESCAPE)
        page.press("u", Keys.ENTER)
        assert page.selected == "layers.0.norm"
        assert page.crumbs == ["Small", "layers", "0"]
        page.press(Keys.TAB, Keys.TAB, Keys.TAB, Keys.TAB, Keys.TAB, Keys.TAB)
        assert page.driver.switch_to.active_element.get_attribute("id") == "map"
        page.press(Keys.ARROW_LEFT)
        assert page.selected == "layers.0.up"

    def test_each_row_says_where_it_stands(self, page: Page) -> None:
        page.one("#tree").send_keys(Keys.END)
        row = page.one("#" + page.one("#tree").get_attribute("aria-activedescendant"))
        assert (row.get_attribute("aria-posinset"), row.get_attribute("aria-setsize")) == ("4", "4")

    def test_what_has_no_text_has_a_name(self, page: Page) -> None:
        unnamed = page.run(
            """
            const named = (each) => each.textContent.trim() || each.ariaLabel || each.labels?.length || each.title;
            return [...document.querySelectorAll('button, select, input, [role], section')]
              .filter((each) => !named(each) && each.getAttribute('role') !== 'presentation').map((each) => each.outerHTML);
            """
        )
        assert [each for each in unnamed if 'role="status"' not in each] == []
