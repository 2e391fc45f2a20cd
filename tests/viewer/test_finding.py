"""What a search of the page finds, what it says of it, and where it is seen; and the order of what is there."""

from __future__ import annotations

import attrs
import pytest

from lazycell.manifest._manifest import Manifest
from tests.viewer.browser import Keys, Page
from tests.viewer.samples import entry, small

MODEL = Manifest(
    "Net",
    (
        entry("embeddings.words.weight", (1000, 768), declared_by="Embedding.weight"),
        entry("layer.attention.query.weight", (768, 768), dtype="bfloat16", declared_by="Dense.weight"),
        entry("layer.attention.query.bias", (768,), dtype="bfloat16", declared_by="Dense.bias"),
        entry("layer.mlp.up", (3072, 768), dtype="float16", declared_by="GatedMLP.up"),
        entry("layer.ln.gain", (768,), declared_by="RMSNorm.gain"),
        entry("extra.768", (2, 3), declared_by="Table.value"),
    ),
)


FOUND: dict[str, list[str]] = {
    "query": ["query.weight", "query.bias"],
    "768x768": ["query.weight"],
    "768×768": ["query.weight"],
    "768, 768": ["query.weight"],
    "(768, 768)": ["query.weight"],
    "(768,)": ["query.bias", "ln.gain"],
    "768": ["words.weight", "query.weight", "query.bias", "mlp.up", "ln.gain", "extra.768"],
    "shape:768 name:6": [],
    "name:768": ["extra.768"],
    "68": ["extra.768"],
    "bf16": ["query.weight", "query.bias"],
    "bfloat16": ["query.weight", "query.bias"],
    "float16": ["mlp.up"],
    "half": ["mlp.up"],
    "Dense": ["query.weight", "query.bias"],
    "norm": ["ln.gain"],
    "mlp": ["mlp.up"],
    "class:mlp": ["mlp.up"],
    "role:attention": ["query.weight", "query.bias"],
    "feed-forward": ["mlp.up"],
    "name:attention bias": ["query.bias"],
    "dense bf16 768": ["query.weight", "query.bias"],
    "dense fp32": [],
    "*.weight (768,768)": ["query.weight"],
    "(3072, 7": ["mlp.up"],
    "(10": ["words.weight"],
    "__proto__ constructor": [],
}
"""For each query, the ends of the names that it finds."""


class TestWords:
    def test_each_finds_what_it_says(self, chromium: Page) -> None:
        chromium.open(MODEL.to_html())
        found = chromium.run(
            """
            const search = document.getElementById('search');
            return arguments[0].map((query) => {
              search.value = query;
              search.dispatchEvent(new Event('input'));
              const names = [], line = [];
              for (const row of document.querySelectorAll('#tree .row')) {
                line.length = row.ariaLevel - 1;
                line.push(row.querySelector('.label').textContent);
                if (row.ariaExpanded === null) names.push(line.slice(-2).join('.'));
              }
              return [names, parseInt(document.getElementById('found').textContent)];
            });
            """,
            [*FOUND],
        )
        assert dict(zip(FOUND, (names for names, _ in found), strict=True)) == FOUND
        assert [count for _, count in found] == [len(names) for names in FOUND.values()]
        assert chromium.errors() == []

    def test_it_says_so_where_one_types(self, page: Page) -> None:
        for word in ("names", "shapes", "dtypes", "classes", "roles"):
            assert word in page.one("#search").get_attribute("placeholder")
            assert word in page.one("#search").get_attribute("aria-label")


class TestWhatItSays:
    def test_how_many_and_their_bytes_and_share(self, page: Page) -> None:
        page.search("norm")
        assert page.one("#found").text == "2 matches · 64 B · under 0.1%"
        page.search("bias bfloat16")
        assert page.one("#found").text == "0 matches"
        page.search("embed")
        assert page.one("#found").text == f"1 match · 64.0 kB · {100 * 64_000 / small().nbytes:.1f}%"

    def test_of_two_the_newer_one_counts(self, chromium: Page) -> None:
        old, new = small(), attrs.evolve(small(), entries=small().entries[:1])
        chromium.open(old.to_html(new))
        chromium.search("up")
        assert chromium.one("#found").text == "4 matches · 0 B · 0%".replace("0%", "0.0%")


class TestOrder:
    def test_the_control_and_the_headings_sort_by_bytes(self, page: Page) -> None:
        page.one("#expand").click()
        declared = page.rows
        page.one("#by-bytes").click()
        assert page.one("#sort").get_attribute("value") == "bytes"
        assert page.one("#by-bytes").get_attribute("aria-pressed") == "true"
        page.one("#sort option[value=declared]").click()
        assert page.rows == declared
        assert page.one("#by-bytes").get_attribute("aria-pressed") == "false"

    def test_what_is_beside_each_other_is_sorted_and_the_selection_stays(self, chromium: Page) -> None:
        sizes = {"a.x": 2, "a.y": 5, "b.x": 9, "b.y": 9, "c": 1, "d.0.w": 7, "d.1.w": 7, "d.2.v": 30}
        chromium.open(Manifest("Net", tuple(entry(name, (size,)) for name, size in sizes.items())).to_html())
        chromium.one("#expand").click()
        chromium.search("c")
        chromium.press(Keys.ENTER, Keys.ESCAPE)
        chromium.one("#sort option[value=bytes]").click()
        assert chromium.rows == ["Net", "d", "2", "v", "{0..1}", "w", "b", "x", "y", "a", "y", "x", "c"]
        assert chromium.selected == "c"
        chromium.one("#tree").send_keys(Keys.ARROW_UP)
        assert chromium.selected == "a.x"
        assert chromium.errors() == []


class TestSize:
    """100,000 parameters."""

    def test_a_search_is_quick_and_its_only_match_is_seen(self, chromium: Page, large_html: str) -> None:
        chromium.open(large_html)
        assert len(chromium.rows) == 9
        queries = ["norm bf16", "*.7.experts.*.down.*", "64x32", "layers.49", "experts.3.up", "class:linear"]
        taken = chromium.run(
            """
            const search = document.getElementById('search');
            return arguments[0].map((query) => Math.min(...[0, 1, 2].map(() => {
              search.value = '';
              search.dispatchEvent(new Event('input'));
              search.value = query;
              const start = performance.now();
              search.dispatchEvent(new Event('input'));
              return performance.now() - start;
            })));
            """,
            queries,
        )
        assert dict(zip(queries, taken, strict=True)) == {query: pytest.approx(50, abs=50) for query in queries}
        assert chromium.search("model.layers.250.experts.20.norm.*") == "1 match"
        assert chromium.one("#found").text == "1 match · 64 B · under 0.1%"
        # Its share of the map is a tenth of a pixel; it has a mark of 6 by 6, and all else is pale.
        colours = chromium.drawn().run(
            """
            const canvas = document.getElementById('map-base'), counts = {};
            const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
            for (let at = 0; at < data.length; at += 4) {
              const colour = data.slice(at, at + 3).join();
              counts[colour] = (counts[colour] || 0) + 1;
            }
            const style = getComputedStyle(document.documentElement);
            return ['--norm', '--accent', '--experts'].map((name) => {
              const text = style.getPropertyValue(name).trim();
              return counts[[1, 3, 5].map((from) => parseInt(text.slice(from, from + 2), 16)).join()] || 0;
            });
            """
        )
        assert colours[0] >= 9
        assert colours[1] >= 9
        assert colours[2] == 0
        assert chromium.errors() == []
