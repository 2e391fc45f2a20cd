"""The page in a headless Chromium: what its reader sees, clicks and types."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from selenium.webdriver import ActionChains
from selenium.webdriver.support.ui import WebDriverWait

from lazycell.manifest._caches import KeyValueCache
from lazycell.manifest._manifest import Manifest
from lazycell.viewer._data import ROLES
from lazycell.viewer._page import page as page_of
from lazycell.viewer._view import view_of
from tests.viewer.browser import Keys, Page, prefer, resize
from tests.viewer.samples import HOSTILE, LAYERS, entry, large, small


def test_a_request_would_be_noticed_and_is_forbidden(chromium: Page) -> None:
    chromium.driver.get_log("performance")
    html = small().to_html().replace("</body>", '<img src="http://127.0.0.1:9/pixel"></body>')
    chromium.open(html)
    assert any("Content Security Policy" in message for message in chromium.errors())


class TestCache:
    def test_a_model_without_one_has_no_line_for_it(self, page: Page) -> None:
        assert not page.driver.find_element("id", "cache").is_displayed()

    def test_it_follows_batch_and_length_and_counts_windows(self, chromium: Page) -> None:
        caches = [KeyValueCache(f"layers.{each}", 2, 64, 64, "float16", [512, None][each % 2]) for each in range(4)]
        chromium.open(attrs.evolve(small(), caches=tuple(caches)).to_html())
        bytes_of = chromium.driver.find_element("id", "cache-bytes")
        assert bytes_of.text == "4.72 MB; 8.39 MB without windows · with the weights 4.79 MB"
        for field, number in (("length", "100"), ("batch", "3")):
            box = chromium.driver.find_element("id", field)
            box.send_keys(Keys.CONTROL, "a", Keys.NULL, Keys.BACKSPACE)
            assert bytes_of.text == ""
            box.send_keys(number)
        assert bytes_of.text == "614 kB · with the weights 687 kB"
        assert chromium.errors() == []


class TestHeader:
    def test_one_model_is_named_and_counted(self, chromium: Page) -> None:
        chromium.open(attrs.evolve(small(), source="small-base").to_html())
        assert chromium.one("#title").text == chromium.driver.title == "Small (small-base)"
        assert chromium.one("#totals").text.split("\n") == ["7 parameters", "18,208 elements", "72.8 kB"]
        assert chromium.facts["asked for"] == "small-base"

    def test_two_are_named_counted_and_told_apart(self, chromium: Page) -> None:
        entries = tuple(attrs.evolve(each, initializer="", expression=None, declared_by=None) for each in small())
        file = Manifest("model.safetensors", entries[:1], declared=False)
        chromium.open(attrs.evolve(small(), source="small-base").to_html(file))
        assert chromium.one("#title").text == "Small (small-base) → model.safetensors"
        assert [each.text for each in chromium.driver.find_elements("css selector", ".total")] == [
            *("model → checkpoint", "7 → 1 parameter -6", "18,208 → 16,000 elements -2,208"),
            "72.8 kB → 64.0 kB -8.77 kB, -12.0%",
        ]
        assert chromium.one("#totals").is_displayed()

    def test_what_is_the_same_is_said_to_be(self, chromium: Page) -> None:
        chromium.open(small().to_html(small()))
        assert [each.text for each in chromium.driver.find_elements("css selector", ".by")] == ["±0", "±0", "±0"]


class TestTree:
    def test_it_opens_on_the_model_and_what_is_right_below(self, page: Page) -> None:
        assert page.rows == ["Small", "embed", LAYERS, "head", "position_ids"]

    def test_a_click_on_the_triangle_expands_and_folds(self, page: Page) -> None:
        page.row(LAYERS).find_element("css selector", ".twisty").click()
        assert page.rows == ["Small", "embed", LAYERS, "up", "norm", "head", "position_ids"]
        page.row(LAYERS).find_element("css selector", ".twisty").click()
        assert page.rows == ["Small", "embed", LAYERS, "head", "position_ids"]

    def test_a_double_click_expands(self, page: Page) -> None:
        ActionChains(page.driver).double_click(page.row(LAYERS)).perform()
        assert page.rows == ["Small", "embed", LAYERS, "up", "norm", "head", "position_ids"]

    def test_a_click_selects(self, page: Page) -> None:
        page.row(LAYERS).click()
        assert page.selected == LAYERS
        assert page.facts["parameters"] == "6"

    def test_expand_and_collapse_all(self, page: Page) -> None:
        page.one("#expand").click()
        assert page.rows[3:8] == [LAYERS, "up", "weight", "bias", "norm"]
        page.one("#collapse").click()
        assert page.rows == ["Small", "embed", LAYERS, "head", "position_ids"]

    def test_arrows_walk_and_fold(self, page: Page) -> None:
        page.one("#tree").send_keys(Keys.ARROW_DOWN, Keys.ARROW_DOWN, Keys.ARROW_RIGHT)
        assert page.selected == LAYERS
        assert page.rows == ["Small", "embed", LAYERS, "up", "norm", "head", "position_ids"]
        page.press(Keys.ARROW_RIGHT)
        assert page.selected == f"{LAYERS}.up"
        page.press(Keys.ARROW_LEFT, Keys.ARROW_LEFT)
        assert page.selected == LAYERS
        assert page.rows == ["Small", "embed", LAYERS, "head", "position_ids"]
        page.press(Keys.ARROW_UP)
        assert page.selected == "embed"

    def test_home_end_and_the_space_bar(self, page: Page) -> None:
        page.one("#tree").send_keys(Keys.END)
        assert page.selected == "position_ids"
        page.press(Keys.HOME, Keys.SPACE)
        assert page.selected == "Small"
        assert page.rows == ["Small"]

    def test_pages(self, chromium: Page) -> None:
        chromium.open(large(5).to_html())
        chromium.one("#folds").click()
        chromium.one("#expand").click()
        chromium.one("#tree").send_keys(Keys.PAGE_DOWN)
        one = chromium.run("return document.getElementById('tree').getAttribute('aria-activedescendant')")
        chromium.press(Keys.PAGE_DOWN)
        assert chromium.run("return document.getElementById('tree').scrollTop") > 0
        chromium.press(Keys.PAGE_UP)
        assert chromium.run("return document.getElementById('tree').getAttribute('aria-activedescendant')") == one

    def test_what_a_screen_reader_is_told(self, page: Page) -> None:
        page.one("#tree").send_keys(Keys.ARROW_DOWN, Keys.ARROW_DOWN, Keys.ARROW_RIGHT)
        active = page.one("#" + page.one("#tree").get_attribute("aria-activedescendant"))
        assert active.find_element("css selector", ".label").text == LAYERS
        told = {name: active.get_attribute(name) for name in ("role", "aria-level", "aria-expanded", "aria-selected")}
        assert told == {"role": "treeitem", "aria-level": "2", "aria-expanded": "true", "aria-selected": "true"}
        assert page.row("position_ids").get_attribute("aria-expanded") is None

    def test_ties_and_computed_buffers_say_so(self, page: Page) -> None:
        assert "computed when the model is built" in page.row("position_ids").text
        page.row("head").find_element("css selector", ".twisty").click()
        assert "tied to embed.weight" in page.run("return document.querySelector('#rows').textContent")


class TestSearch:
    def test_a_part_of_a_name(self, page: Page) -> None:
        assert page.search("up") == "4 matches"
        assert page.rows == ["Small", LAYERS, "up", "weight", "bias"]

    def test_capitals_do_not_matter(self, page: Page) -> None:
        assert page.search("NORM") == "2 matches"

    def test_a_star_describes_the_whole_name(self, page: Page) -> None:
        assert page.search("layers.*.weight") == "2 matches"
        assert page.search("*.1.*") == "3 matches"
        assert page.search("*up") == "0 matches: with a *, a word describes the whole name"

    def test_enter_goes_from_match_to_match_and_round(self, page: Page) -> None:
        page.one("#folds").click()
        page.search("norm")
        page.press(Keys.ENTER)
        assert page.selected == "layers.0.norm"
        page.press(Keys.ENTER)
        assert page.selected == "layers.1.norm"
        page.press(Keys.ENTER)
        assert page.selected == "layers.0.norm"
        page.press(Keys.SHIFT, Keys.ENTER)
        assert page.selected == "layers.1.norm"

    def test_slash_focuses_and_escape_clears(self, page: Page) -> None:
        page.one("#tree").send_keys("/")
        page.press("bias")
        assert page.one("#found").text == "2 matches · 512 B · 0.7%"
        page.press(Keys.ENTER, Keys.ESCAPE)
        assert page.one("#found").text == ""
        assert page.one("#search").get_attribute("value") == ""
        assert page.driver.switch_to.active_element.get_attribute("id") == "tree"
        # What was found stays selected, and in sight; the rest is folded as it was.
        assert page.selected == f"{LAYERS}.up.bias"
        assert page.rows == ["Small", "embed", LAYERS, "up", "weight", "bias", "norm", "head", "position_ids"]

    def test_the_map_shows_what_was_found(self, page: Page) -> None:
        x, y = _middle(page, "embed.weight")
        before = _pixel(page, x, y)
        page.search("norm")
        assert _pixel(page, x, y) == _colour(page, "--map-faded") != before


class TestMap:
    def test_the_largest_parameter_has_its_colour(self, page: Page) -> None:
        x, y = _middle(page, "embed.weight")
        assert _pixel(page, x, y) == _colour(page, "--embedding")

    def test_areas_are_bytes(self, page: Page) -> None:
        """Counts the pixels that have the colour of the parameters of each initializer."""
        _choose(page, "shard")
        sharded, box = (
            _painted(page, "--c0"),
            page.run("const m = document.getElementById('map'); return m.clientWidth * m.clientHeight"),
        )
        # The frames of the groups take room too.
        assert sharded / box == pytest.approx(2 * 64 * 16 * 4 / small().nbytes, abs=0.05)

    def test_a_click_zooms_in_and_a_crumb_goes_back(self, page: Page) -> None:
        assert page.crumbs == ["Small"]
        page.one("#folds").click()
        _click_map(page, *_middle(page, "layers.0.up.weight"))
        assert page.selected == "layers.0.up.weight"
        assert page.crumbs == ["Small", "layers"]
        _click_map(page, *_middle(page, "layers.1.up.weight"))
        assert page.crumbs == ["Small", "layers", "1"]
        page.one("#crumbs button").click()
        assert page.crumbs == ["Small"]

    def test_a_click_selects_in_the_tree_and_unfolds_it(self, page: Page) -> None:
        page.one("#folds").click()
        _click_map(page, *_middle(page, "layers.0.up.weight"))
        assert page.rows[:8] == ["Small", "embed", "layers", "0", "up", "weight", "bias", "norm"]
        assert page.one("#tree .row[aria-selected=true] .label").text == "weight"

    def test_a_selection_outside_of_the_zoom_widens_it(self, page: Page) -> None:
        _click_map(page, *_middle(page, f"{LAYERS}.up.weight"))
        assert page.crumbs == ["Small", LAYERS]
        page.row("embed").click()
        assert page.crumbs == ["Small"]

    def test_by_keyboard(self, page: Page) -> None:
        page.one("#tree").send_keys(Keys.ARROW_DOWN, Keys.ARROW_DOWN)
        page.one("#map").send_keys(Keys.ENTER)
        assert page.crumbs == ["Small", LAYERS]
        assert page.selected == f"{LAYERS}.up"
        page.press(Keys.ARROW_RIGHT)
        assert page.selected == f"{LAYERS}.norm"
        page.press(Keys.BACKSPACE)
        assert page.crumbs == ["Small"]

    def test_enter_in_the_tree_zooms_and_escape_goes_back(self, page: Page) -> None:
        page.one("#tree").send_keys(Keys.ARROW_DOWN, Keys.ARROW_DOWN, Keys.ENTER)
        assert page.crumbs == ["Small", LAYERS]
        page.press(Keys.ESCAPE)
        assert page.crumbs == ["Small"]

    def test_hovering_tells_and_leaving_tells_of_the_selection(self, page: Page) -> None:
        page.row(LAYERS).click()
        _hover_map(page, *_middle(page, "embed.weight"))
        assert page.selected == "embed.weight"
        ActionChains(page.driver).move_to_element(page.one("#title")).perform()
        assert page.selected == LAYERS


class TestColours:
    def test_each_mode_has_its_legend(self, page: Page) -> None:
        tied = {"tied or computed": "2"}
        legends = {
            "role": {"embedding": "1", "norm": "2", "no role": "4"},
            "dtype": {"float32": "5", "bfloat16": "2"},
            "initializer": {"normal": "3", "zeros": "2", "ones": "2"},
            "trainable": {"trainable": "5", "not trainable": "2"},
            "tags": {"no_decay": "2", "no tag": "5"},
            "shard": {"(tp, -)": "2", "not sharded": "5"},
            "declared_by": {"Linear.weight": "7"},
        }
        assert _modes(page) == list(legends)
        for mode, legend in legends.items():
            _choose(page, mode)
            assert page.legend == legend | tied

    def test_it_starts_with_the_first_that_tells_something(self, page: Page, chromium: Page) -> None:
        assert page.one("#mode").get_attribute("value") == "role"
        chromium.open(Manifest("Net", (entry("x", (2,)), entry("y", (2,), dtype="float16"))).to_html())
        assert chromium.one("#mode").get_attribute("value") == "dtype"

    def test_the_legend_tells_counts_bytes_and_shares(self, page: Page) -> None:
        entries = [each.text.split("\n") for each in page.driver.find_elements("css selector", "#legend button")]
        assert entries == [
            ["embedding", "1", "64.0 kB · 88.0%"],
            ["norm", "2", "64 B · under 0.1%"],
            ["no role", "4", "8.70 kB · 12.0%"],
            ["tied or computed", "2"],
        ]

    def test_swatches_of_the_tree_follow(self, page: Page) -> None:
        page.one("#expand").click()
        _choose(page, "trainable")
        assert _swatch(page, "norm") == _colour(page, "--c1")
        _choose(page, "dtype")
        assert _swatch(page, "norm") == _colour(page, "--c1")
        _choose(page, "shard")
        assert _swatch(page, "norm") == _colour(page, "--none")

    def test_states_of_a_net(self, chromium: Page) -> None:
        states = {each.name: "loaded" if each.name.startswith("layers") else "initialized" for each in small()}
        chromium.open(page_of(view_of(small(), states=states)))
        _choose(chromium, "state")
        assert chromium.legend == {"initialized": "1", "loaded": "6", "tied or computed": "2"}
        chromium.search("norm")
        chromium.press(Keys.ENTER)
        assert chromium.facts["state"] == "loaded"

    def test_a_category_alone(self, page: Page) -> None:
        x, y = _middle(page, "embed.weight")
        page.one("#legend li:nth-child(2) button").click()
        assert page.one("#legend li:nth-child(2) button").get_attribute("aria-pressed") == "true"
        assert _pixel(page, x, y) == _colour(page, "--map-faded")
        page.press(Keys.ENTER)
        assert _pixel(page, x, y) == _colour(page, "--embedding")


class TestDetails:
    def test_a_parameter(self, page: Page) -> None:
        page.search("layers.0.up.weight")
        page.press(Keys.ENTER)
        assert page.selected == "layers.0.up.weight"
        assert page.facts == {
            "shape": "(64, 16)",
            "declared as": "(4 * hidden, hidden)",
            "dtype": "float32",
            "initializer": "normal",
            "trainable": "yes",
            "elements": "1,024",
            "bytes": "4.10 kB (4,096)",
            "declared by": "Linear.weight",
            "line": "layers.py:7",
            "shard": "(tp, -)",
        }

    def test_ties_are_told_at_both_ends(self, page: Page) -> None:
        page.search("embed")
        page.press(Keys.ENTER)
        assert page.facts["ties"] == "head.weight"
        page.search("head")
        page.press(Keys.ENTER)
        assert page.facts == {"note": "tied to embed.weight"}

    def test_the_model(self, page: Page) -> None:
        facts = page.facts
        assert facts["kind"] == "a declared model"
        assert facts["parameters"] == "7"
        assert facts["digest"] == small().digest[:12]
        assert (facts["hidden"], facts["vocab"]) == ("16", "1000")

    def test_a_checkpoint(self, chromium: Page) -> None:
        entries = tuple(attrs.evolve(each, initializer="", expression=None, declared_by=None) for each in small())
        chromium.open(Manifest("weights.safetensors", entries, declared=False).to_html())
        assert chromium.facts["kind"] == "a checkpoint, as its headers tell"
        assert _modes(chromium) == ["role", "dtype", "tags", "shard"]


class TestCompared:
    def test_every_mark_is_counted_in_the_legend(self, compared: Page) -> None:
        assert compared.legend == {
            **dict.fromkeys(("added", "removed", "renamed", "reshaped", "retyped", "reinitialized", "changed"), "1"),
            "same": "3",
        }

    def test_rows_bear_their_marks(self, compared: Page) -> None:
        compared.one("#expand").click()
        marks = {label: badge for label, badge in _badges(compared) if "differ" not in badge}
        assert marks["scale"] == "added"
        badges = [badge for _, badge in _badges(compared)]
        assert badges[0] == "7 differ"
        assert sorted(badge for badge in badges if "differ" not in badge) == sorted(
            ["added", "removed", "renamed", "reshaped", "retyped", "reinitialized", "changed"]
        )

    def test_only_differences(self, compared: Page) -> None:
        compared.one("#only").click()
        assert compared.rows == [
            *("Small", "embed", "weight", "layers", "0", "up", "weight", "bias", "norm"),
            *("1", "norm", "grow", "weight", "extra", "scale"),
        ]
        assert compared.search("layers.1") == "3 matches"
        assert compared.rows == ["Small", "layers", "1", "norm", "grow", "weight"]

    def test_old_and_new_stand_side_by_side(self, compared: Page) -> None:
        compared.one("#only").click()
        row = compared.row("embed").find_element("xpath", "following-sibling::*[1]")
        cells = [cell.text for cell in row.find_elements("css selector", ".cell")]
        assert cells == ["(1000, 16) float32", "(1200, 16) float32", "76.8 kB"]

    def test_details_tell_old_and_new(self, compared: Page) -> None:
        compared.search("grow")
        compared.press(Keys.ENTER)
        cells = compared.run(
            "return [...document.querySelectorAll('#details .old, #details .new')].map((each) => each.textContent)"
        )
        assert cells == ["layers.1.up.weight", "layers.1.grow.weight"]
        assert "a guess" in compared.one("#details").text

    def test_a_former_name_finds_the_row(self, compared: Page) -> None:
        assert compared.search("layers.1.up.weight") == "1 match"

    def test_a_removed_parameter_has_no_new_side(self, compared: Page) -> None:
        compared.search("layers.1.norm")
        compared.press(Keys.ENTER)
        assert compared.facts["shape"] == "–"
        assert compared.one("#details .marks").text == "removed"

    def test_two_that_are_the_same(self, chromium: Page) -> None:
        chromium.open(small().to_html(small()))
        assert "There is no difference." in chromium.one("#details").text
        chromium.one("#only").click()
        assert chromium.rows == ["Small"]

    def test_a_single_model_has_no_filter(self, page: Page) -> None:
        assert not page.one("#only").is_displayed()


class TestLooks:
    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_it_follows_the_system_and_the_button_changes_it(self, page: Page, scheme: str) -> None:
        prefer(page.driver, "light" if scheme == "dark" else "dark")
        prefer(page.driver, scheme)
        other = {"light": "dark", "dark": "light"}[scheme]
        theme = "return document.documentElement.dataset.theme"
        WebDriverWait(page.driver, 10).until(lambda _: page.run(theme) == scheme)  # the page is told in its own time
        before = (_ground(page), _pixel(page, *_middle(page, "embed.weight")))
        page.one("#theme").click()
        assert page.run("return document.documentElement.dataset.theme") == other
        after = (_ground(page), _pixel(page, *_middle(page, "embed.weight")))
        assert before[0] != after[0]
        assert before[1] != after[1] == _colour(page, "--embedding")

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_who_prefers_contrast_gets_more_of_it(self, page: Page, scheme: str) -> None:
        """WCAG 2.1, 1.4.6 and 1.4.11: 7 to 1 for text, 3 to 1 for lines."""
        theme = "return document.documentElement.dataset.theme"
        prefer(page.driver, scheme, contrast="more")
        WebDriverWait(page.driver, 10).until(lambda _: page.run(theme) == scheme)
        assert _contrast(_colour(page, "--quiet"), _colour(page, "--surface")) >= 7
        assert _contrast(_colour(page, "--line"), _colour(page, "--surface")) >= 3
        prefer(page.driver, scheme)
        assert _contrast(_colour(page, "--line"), _colour(page, "--surface")) < 3

    def test_who_wants_no_motion_gets_none(self, page: Page) -> None:
        moving = "return getComputedStyle(document.querySelector('.twisty'), '::before').transitionDuration"
        prefer(page.driver, "light", reduced_motion="reduce")
        assert page.run(moving) == "0s"
        prefer(page.driver, "light", reduced_motion="no-preference")
        assert page.run(moving) != "0s"

    def test_on_paper_all_rows_are_there_in_dark_ink(self, chromium: Page) -> None:
        prefer(chromium.driver, "dark")
        chromium.open(large(2).to_html())
        chromium.one("#folds").click()
        chromium.one("#expand").click()
        rows = "return document.querySelectorAll('#tree .row').length"
        assert chromium.run(rows) < 100
        chromium.run("dispatchEvent(new Event('beforeprint'))")
        prefer(chromium.driver, "dark", medium="print")
        assert chromium.run(rows) == int(chromium.one("#shown").get_attribute("textContent").split()[0])
        assert _contrast(_colour(chromium, "--text"), (255, 255, 255)) >= 4.5
        tree = chromium.one("#tree").rect
        assert tree["height"] >= 24 * chromium.run(rows)
        assert not chromium.one("#expand").is_displayed()
        heading, cell = chromium.one("#columns .shape").rect, chromium.one("#tree .cell").rect
        assert abs(heading["x"] - cell["x"]) < 24
        prefer(chromium.driver, "dark")
        chromium.run("dispatchEvent(new Event('afterprint'))")
        assert chromium.run(rows) < 100
        assert chromium.run("return document.documentElement.dataset.theme") == "dark"
        assert chromium.errors() == []

    @pytest.mark.parametrize("theme", ["light", "dark"])
    def test_contrast_is_enough_to_read(self, page: Page, theme: str) -> None:
        """WCAG 2.1, 1.4.3: 4.5 to 1."""
        page.run("document.documentElement.dataset.theme = arguments[0]", theme)
        grounds = ["--surface", "--ground", "--chosen", "--hover", "--control"]
        pairs = [(ink, ground) for ink in ("--text", "--quiet") for ground in grounds]
        pairs += [("--accent", "--surface"), ("--text", "--map-frame"), ("--text", "--frame-badge")]
        fills = [f"--c{place}" for place in range(10)] + ["--other", "--none"]
        fills += [
            f"--{mark}" for mark in ("added", "removed", "renamed", "reshaped", "retyped", "reinitialized", "changed")
        ]
        fills += [f"--{role}" for role in ROLES]
        pairs += [("--map-ink", fill) for fill in fills]
        poor = [pair for pair in pairs if _contrast(*(_colour(page, name) for name in pair)) < 4.5]
        assert poor == []

    def test_a_narrow_window_shows_the_tree_above_the_map(self, page: Page) -> None:
        try:
            resize(page.driver, 390, 800)
            tree, map_ = page.one("#tree").rect, page.one("#map").rect
            assert tree["y"] + tree["height"] <= map_["y"]
            assert map_["width"] > 300
            assert page.run("return document.documentElement.scrollWidth") <= 390
            assert page.one("#totals").is_displayed()
            label = page.row(LAYERS).find_element("css selector", ".label")
            assert page.run("return arguments[0].scrollWidth <= arguments[0].clientWidth", label)
            page.one("#show-keys").click()
            assert page.one("#keys").rect["width"] <= 390
            page.one("#close-keys").click()
        finally:
            resize(page.driver, 1280, 800)

    def test_the_tab_key_reaches_everything_in_order(self, page: Page) -> None:
        page.one("#search").click()
        order = []
        for _ in range(15):
            page.press(Keys.TAB)
            active = page.driver.switch_to.active_element
            order.append(active.get_attribute("id") or active.get_attribute("class"))
        assert order == [
            *("copy", "show-keys", "theme", "expand", "collapse", "folds", "sort", "by-name", "by-bytes"),
            *("tree", "split", "crumb", "mode", "map", "entry"),
        ]

    def test_focus_is_visible(self, page: Page) -> None:
        page.one("#tree").send_keys(Keys.ARROW_DOWN)
        outline = page.run("const style = getComputedStyle(document.getElementById('tree')); return style.outlineStyle")
        assert outline == "solid"

    def test_the_split_moves_by_keyboard(self, page: Page) -> None:
        width = page.one("#tree").rect["width"]
        page.one("#split").send_keys(Keys.ARROW_LEFT, Keys.ARROW_LEFT)
        assert page.one("#tree").rect["width"] < width


class TestStrangeNames:
    def test_a_hostile_name_is_shown_and_does_nothing(self, chromium: Page) -> None:
        hostile = entry(f"{HOSTILE}.{HOSTILE}", (4, 4), expression=HOSTILE, initializer=HOSTILE, tags=(HOSTILE,))
        model = Manifest(HOSTILE, (hostile,), hyperparameters={HOSTILE: HOSTILE})
        chromium.open(model.to_html(attrs.evolve(model, model="Later")))
        chromium.open(model.to_html())
        chromium.one("#expand").click()
        assert chromium.rows == [HOSTILE] * 3
        assert HOSTILE in chromium.one("#details").text
        assert chromium.driver.title == HOSTILE
        assert chromium.run("return document.querySelectorAll('img').length") == 0
        assert chromium.errors() == []  # an alert would have failed every command since

    def test_what_does_not_show_is_written_out(self, chromium: Page) -> None:
        chromium.open(
            page_of(view_of(Manifest("Net", (entry("a\u202eb\x1b[31m", (1,)), entry("", (1,)), entry(".", (1,))))))
        )
        assert chromium.rows[1] == "a\\u202eb\\u001b[31m"
        assert chromium.rows[2] == "(no name)"
        assert chromium.errors() == []

    def test_very_long_and_very_deep_names(self, chromium: Page) -> None:
        chromium.open(Manifest("Net", (entry("x" * 100_000, (1,)), entry("a." * 2_000 + "b", (2,)))).to_html())
        chromium.one("#expand").click()
        assert len(chromium.rows[1]) < 400
        chromium.one("#tree").send_keys(Keys.END)
        assert chromium.facts["shape"] == "(2,)"
        assert chromium.errors() == []

    def test_nothing_at_all(self, chromium: Page) -> None:
        chromium.open(Manifest("Empty", ()).to_html())
        assert chromium.rows == ["Empty"]
        chromium.one("#tree").send_keys(Keys.ARROW_DOWN, Keys.ARROW_RIGHT, Keys.ENTER)
        chromium.one("#map").send_keys(Keys.ENTER, Keys.ARROW_LEFT)
        chromium.search("a")
        assert chromium.errors() == []

    def test_a_parameter_that_shares_its_name_with_a_group(self, chromium: Page) -> None:
        chromium.open(Manifest("Net", (entry("a", (1,)), entry("a.b", (2,)))).to_html())
        chromium.one("#expand").click()
        assert chromium.rows == ["Net", "a", "a", "b"]


class TestSize:
    def test_100_000_parameters_are_there_in_under_three_seconds(self, chromium: Page, large_html: str) -> None:
        chromium.open(large_html)
        assert int(chromium.run("return document.documentElement.dataset.ready")) < 3000
        assert chromium.search("*.7.experts.*.down.*") == "40 matches"
        chromium.press(Keys.ENTER)
        assert chromium.selected == "model.layers.7.experts.{0..39}.down.weight"
        chromium.press(Keys.ESCAPE)
        chromium.one("#folds").click()
        chromium.one("#folds").click()
        chromium.one("#expand").click()
        assert chromium.run("return document.querySelectorAll('#tree .row').length") < 100
        chromium.one("#tree").send_keys(Keys.END)
        assert chromium.selected == "model.layers.499.experts.39.scale.weight"
        assert chromium.errors() == []


# ------------------------------------------------------------------------------------------------------------ to look at


def _middle(page: Page, name: str) -> tuple[int, int]:
    """Find the middle of a parameter's rectangle by asking, for points all over the map, what is hovered there."""
    box = page.one("#map").rect
    points = page.run(
        """
        const map = document.getElementById('map'), box = map.getBoundingClientRect(), hits = [];
        for (let y = 2; y < box.height; y += 6) for (let x = 2; x < box.width; x += 6) {
          map.dispatchEvent(new PointerEvent('pointermove', { clientX: box.left + x, clientY: box.top + y }));
          if (document.querySelector('#details h2').textContent === arguments[0]) hits.push([x, y]);
        }
        map.dispatchEvent(new PointerEvent('pointerleave'));
        return hits;
        """,
        name,
    )
    assert points, (name, box)
    xs, ys = zip(*points, strict=True)
    return (min(xs) + max(xs)) // 2, (min(ys) + max(ys) * 3) // 4


def _at_map(page: Page, x: int, y: int) -> ActionChains:
    box = page.one("#map").rect
    return ActionChains(page.driver).move_to_element_with_offset(
        page.one("#map"), x - int(box["width"]) // 2, y - int(box["height"]) // 2
    )


def _click_map(page: Page, x: int, y: int) -> None:
    _at_map(page, x, y).click().perform()


def _hover_map(page: Page, x: int, y: int) -> None:
    _at_map(page, x, y).perform()


def _pixel(page: Page, x: int, y: int) -> tuple[int, ...]:
    """Give the colour at a point of the map."""
    script = "return [...document.getElementById('map-base').getContext('2d').getImageData(arguments[0], arguments[1], 1, 1).data]"
    return tuple(page.drawn().run(script, x, y)[:3])


def _painted(page: Page, name: str) -> int:
    """Count the pixels of the map that have a colour of the style sheet."""
    red, green, blue = _colour(page, name)
    return page.drawn().run(
        """
        const canvas = document.getElementById('map-base');
        const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
        let count = 0;
        for (let at = 0; at < data.length; at += 4)
          if (data[at] === arguments[0] && data[at + 1] === arguments[1] && data[at + 2] === arguments[2]) count++;
        return count;
        """,
        red,
        green,
        blue,
    )


def _colour(page: Page, name: str) -> tuple[int, ...]:
    """Give a colour of the style sheet in the present theme."""
    text = page.run("return getComputedStyle(document.documentElement).getPropertyValue(arguments[0]).trim()", name)
    return tuple(bytes.fromhex(text.removeprefix("#")))


def _swatch(page: Page, label: str) -> tuple[int, ...]:
    text = page.row(label).find_element("css selector", ".swatch").value_of_css_property("background-color")
    return tuple(int(part) for part in text[text.index("(") + 1 : -1].split(",")[:3])


def _ground(page: Page) -> Any:
    return page.run("return getComputedStyle(document.body).backgroundColor")


def _choose(page: Page, mode: str) -> None:
    page.one(f"#mode option[value={mode}]").click()


def _modes(page: Page) -> list[str]:
    return page.run("return [...document.getElementById('mode').options].map((option) => option.value)")


def _badges(page: Page) -> list[tuple[str, str]]:
    pairs = page.run(
        "return [...document.querySelectorAll('#tree .badge')]"
        ".map((badge) => [badge.parentElement.querySelector('.label').textContent, badge.textContent])"
    )
    return [(label, badge) for label, badge in pairs]


def _contrast(one: tuple[int, ...], two: tuple[int, ...]) -> float:
    """Give the contrast ratio of two colours (WCAG 2.1)."""
    light, dark = sorted((_luminance(one), _luminance(two)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: tuple[int, ...]) -> float:
    linear = [
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in (each / 255 for each in colour)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
