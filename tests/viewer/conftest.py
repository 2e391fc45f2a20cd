"""One browser for all tests of the page, and the pages that most of them look at."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.viewer.browser import Page, browser, prefer
from tests.viewer.samples import changed, large, small


@pytest.fixture(scope="session")
def chromium() -> Iterator[Page]:
    with browser() as page:
        yield page


@pytest.fixture(scope="session")
def large_html() -> str:
    """The page of 100,000 parameters."""
    model = large()
    assert len(model) == 100_000
    return model.to_html()


@pytest.fixture
def page(chromium: Page) -> Iterator[Page]:
    """The page of the small model; afterwards, no one complained and nothing was asked of the network."""
    yield from _watched(chromium, small().to_html())


@pytest.fixture
def compared(chromium: Page) -> Iterator[Page]:
    """The page of the small model and what became of it."""
    yield from _watched(chromium, small().to_html(changed()))


def _watched(chromium: Page, html: str) -> Iterator[Page]:
    prefer(chromium.driver, "light")
    chromium.driver.get_log("performance")
    chromium.open(html)
    yield chromium
    assert chromium.errors() == []
    assert chromium.run("return performance.getEntriesByType('resource').map((each) => each.name)") == []
    assert [url for url in _requests(chromium) if not url.startswith(("file:", "data:"))] == []


def _requests(chromium: Page) -> list[str]:
    messages = [json.loads(record["message"])["message"] for record in chromium.driver.get_log("performance")]
    return [each["params"]["request"]["url"] for each in messages if each["method"] == "Network.requestWillBeSent"]
