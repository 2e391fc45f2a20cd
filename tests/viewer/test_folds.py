"""Layers that are alike are one branch of the page, and one part of its map, until its reader takes them apart."""

from __future__ import annotations

import attrs
import pytest

from lazycell.manifest._manifest import Manifest
from lazycell.viewer._tree import tree_of
from tests.viewer.browser import Keys, Page
from tests.viewer.samples import LAYERS, entry


def net(*names: str, **more: object) -> Manifest:
    """Give a model of parameters that are alike."""
    return Manifest("Net", tuple(entry(name, (8, 4), **more) for name in names))


def titles(manifest: Manifest) -> list[str]:
    """Give the titles that `lazycell show` has for a model, from the top."""
    found, pending = [], [tree_of(manifest.model, manifest.entries)]
    while pending:
        branch = pending.pop()
        found.append(branch.title)
        pending += reversed(branch.branches)
    return found


def turn(page: Page, label: str) -> None:
    """Click on the number of layers that a branch stands for."""
    page.row(label).find_element("css selector", ".turns").click()


class TestTree:
    @pytest.mark.parametrize(
        "names",
        [
            [f"layers.{index}.{part}" for index in range(4) for part in ("up", "down")],
            [f"layers.{index}.{'odd' if index == 3 else 'even'}" for index in range(6)],
            [f"layers.{index}.{('a', 'b')[index % 2]}" for index in range(5)],
            [f"blocks.{block}.experts.{expert}.up" for block in range(3) for expert in range(2)],
            [f"{index}.weight" for index in (0, 2, 10)],
            ["head.0.weight", "head.1.scale", "names.01.weight", "names.02.weight"],
            [f"scales.{index}" for index in range(3)],
            ["a.b", *(f"a.{index}.b" for index in range(2))],
        ],
        ids=lambda names: names[-1],
    )
    def test_branches_are_called_as_show_calls_them(self, chromium: Page, names: list[str]) -> None:
        chromium.open(net(*names).to_html())
        chromium.one("#expand").click()
        assert chromium.rows == titles(net(*names))
        assert chromium.errors() == []

    def test_a_branch_says_how_many_it_is_and_sums_their_bytes(self, page: Page) -> None:
        assert page.row(LAYERS).text.split("\n") == [LAYERS, "2 ×", "6 parameters", "8.77 kB"]
        page.row(LAYERS).click()
        assert (page.facts["alike"], page.facts["bytes of each"]) == ("2, shown as one", "4.38 kB (4,384)")

    def test_a_click_takes_it_apart_and_puts_it_together(self, page: Page) -> None:
        turn(page, LAYERS)
        assert page.rows == ["Small", "embed", "layers", "0", "1", "head", "position_ids"]
        turn(page, "layers")
        assert page.rows == ["Small", "embed", LAYERS, "up", "norm", "head", "position_ids"]

    def test_by_keyboard_what_was_selected_is_selected_in_the_first(self, page: Page) -> None:
        page.search("up.bias")
        page.press(Keys.ENTER, Keys.ESCAPE)
        assert page.selected == f"{LAYERS}.up.bias"
        assert page.facts["bytes of all"] == "512 B"
        page.press("u")
        assert page.selected == "layers.0.up.bias"
        assert "alike" not in page.facts
        page.press("u")
        assert page.selected == LAYERS

    def test_all_at_once(self, page: Page) -> None:
        page.one("#expand").click()
        page.one("#folds").click()
        assert page.rows[3:8] == ["layers", "0", "up", "weight", "bias"]
        turn(page, "layers")
        assert page.one("#folds").is_selected()

    def test_experts_within_layers(self, chromium: Page) -> None:
        chromium.open(net(*(f"h.{layer}.e.{expert}.up" for layer in range(3) for expert in range(4))).to_html())
        chromium.search("up")
        chromium.press(Keys.ENTER, Keys.ESCAPE)
        assert chromium.selected == "h.{0..2}.e.{0..3}.up"
        assert chromium.facts["alike"] == "12 parameters"
        chromium.press("u")
        assert chromium.selected == "h.0.e.{0..3}"
        chromium.press("u", Keys.ARROW_DOWN)
        assert chromium.rows[:5] == ["Net", "h", "0", "e", "0"]
        assert chromium.errors() == []

    def test_parameters_of_a_list(self, chromium: Page) -> None:
        chromium.open(net("scales.0", "scales.1").to_html())
        assert chromium.row("scales.{0..1}").text.split("\n")[1:] == ["2 ×", "(8, 4)", "float32", "256 B"]
        turn(chromium, "scales.{0..1}")
        assert chromium.rows == ["Net", "scales", "0", "1"]
        assert chromium.errors() == []

    def test_ties_within_each_layer_are_alike(self, chromium: Page) -> None:
        tied = attrs.evolve(
            net(*(f"layers.{each}.up" for each in range(3))),
            ties={f"layers.{each}.down": f"layers.{each}.up" for each in range(3)},
        )
        chromium.open(tied.to_html())
        assert chromium.rows == ["Net", "layers.{0..2}", "up", "down"]
        elsewhere = attrs.evolve(tied, ties={**tied.ties, "layers.2.down": "layers.0.up"})
        chromium.open(elsewhere.to_html())
        chromium.one("#expand").click()
        assert [label for label in chromium.rows if "{" in label or label == "2"] == ["{0..1}", "2"]


class TestCompared:
    def test_layers_are_alike_only_if_they_were_and_differ_alike(self, chromium: Page) -> None:
        old = net(*(f"layers.{each}.up" for each in range(6)))
        dtypes = ["bfloat16", "bfloat16", "float16", "float16", "float32", "float32"]
        before = attrs.evolve(
            old, entries=tuple(attrs.evolve(each, dtype=dtype) for each, dtype in zip(old, dtypes, strict=True))
        )
        after = attrs.evolve(old, entries=tuple(attrs.evolve(each, dtype="float32") for each in old))
        chromium.open(before.to_html(after))
        assert chromium.rows == ["Net", "layers", "{0..1}", "{2..3}", "{4..5}"]
        assert [badge.text for badge in chromium.driver.find_elements("css selector", ".turns + .badge")] == [
            *("2 differ", "2 differ")
        ]
        chromium.one("#only").click()
        assert chromium.rows == ["Net", "layers", "{0..1}", "up", "{2..3}", "up"]
        assert chromium.errors() == []


class TestMap:
    def test_map_and_tree_speak_of_the_same(self, page: Page) -> None:
        page.one("#tree").send_keys(Keys.ARROW_DOWN, Keys.ARROW_DOWN)
        page.one("#map").send_keys(Keys.ENTER)
        assert page.selected == f"{LAYERS}.up"
        assert page.one("#tree .row[aria-selected=true] .label").text == "up"
        assert page.crumbs == ["Small", LAYERS]
        # Apart, there is no `layers.{0..1}.up` to be zoomed to any more.
        page.press("u")
        assert page.selected == "layers.0.up"
        assert page.crumbs == ["Small", "layers"]
        page.press(Keys.ENTER)
        assert page.crumbs == ["Small", "layers", "0", "up"]
        page.one("#folds").click()
        assert page.crumbs == ["Small", LAYERS]
        assert page.selected == LAYERS


class TestSearch:
    def test_what_is_in_all_of_them_leaves_them_together(self, page: Page) -> None:
        assert page.search("norm") == "2 matches"
        assert page.rows == ["Small", LAYERS, "norm"]

    def test_what_is_in_one_of_them_takes_them_apart_until_it_is_left(self, page: Page) -> None:
        page.search("layers.1.up")
        assert page.rows == ["Small", "layers", "1", "up", "weight", "bias"]
        turn(page, "layers")  # nothing could stand for both
        assert page.rows == ["Small", "layers", "1", "up", "weight", "bias"]
        page.one("#search").send_keys(Keys.ESCAPE)
        assert page.rows == ["Small", "embed", LAYERS, "head", "position_ids"]

    def test_one_expert_of_every_layer_takes_apart_both(self, chromium: Page) -> None:
        chromium.open(net(*(f"h.{layer}.e.{expert}.up" for layer in range(2) for expert in range(3))).to_html())
        assert chromium.search("*.e.1.*") == "2 matches"
        assert chromium.rows == ["Net", "h", "0", "e", "1", "up", "1", "e", "1", "up"]
