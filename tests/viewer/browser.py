"""A headless Chromium, and the page opened in it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

_SWITCHES = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--lang=en-US"),
)


class Page:
    """The page of a model, as its reader sees it."""

    def __init__(self, driver: webdriver.Chrome, folder: Path) -> None:
        self.driver = driver
        self._file = folder / "page.html"

    def open(self, html: str, address: str = "") -> Page:
        """Show a page, and wait until its tree is there; `address` is what comes after the `#`."""
        self._file.write_text(html, encoding="utf-8")
        if address:
            self.driver.get("about:blank")  # the same page with another address would not be loaded anew
        self.driver.get(f"{self._file.as_uri()}#{address}" if address else self._file.as_uri())
        return self

    def run(self, script: str, *arguments: Any) -> Any:
        """Give what a piece of JavaScript gives."""
        return self.driver.execute_script(script, *arguments)

    def drawn(self) -> Page:
        """Wait until the map shows what was typed: it follows in the next frame."""
        self.driver.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")
        return self

    def one(self, selector: str) -> Any:
        """Give the element that a CSS selector finds."""
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def press(self, *keys: str) -> None:
        """Press keys, wherever the focus is."""
        self.driver.switch_to.active_element.send_keys(*keys)

    def search(self, query: str) -> str:
        """Search, and give the count as it is told; what follows tells its bytes."""
        self.one("#search").clear()
        self.one("#search").send_keys(query)
        return self.one("#found").text.partition(" · ")[0]

    @property
    def rows(self) -> list[str]:
        """The labels of the rows that the tree shows, from the top."""
        return self.run(
            "return [...document.querySelectorAll('#tree .row')]"
            ".sort((one, two) => parseInt(one.style.top) - parseInt(two.style.top))"
            ".map((row) => row.querySelector('.label').textContent)"
        )

    @property
    def selected(self) -> str:
        """The full name that the details tell of."""
        return self.one("#details h2").text

    @property
    def facts(self) -> dict[str, str]:
        """What the details say: the last column of each row."""
        return self.run(
            "return Object.fromEntries([...document.querySelectorAll('#details tr')].filter((row) => row.cells[0].textContent)"
            ".map((row) => [row.cells[0].textContent, row.cells[row.cells.length - 1].textContent]))"
        )

    @property
    def crumbs(self) -> list[str]:
        """The groups from the model down to the one that the map shows."""
        return self.run("return [...document.querySelectorAll('#crumbs button')].map((crumb) => crumb.textContent)")

    @property
    def legend(self) -> dict[str, str]:
        """The categories, and how many parameters each has."""
        return self.run(
            "return Object.fromEntries([...document.querySelectorAll('#legend button')]"
            ".map((entry) => [entry.children[1].textContent, entry.children[2].textContent]))"
        )

    def row(self, label: str) -> Any:
        """Give the first row in sight with this label."""
        return next(
            row
            for row in self.driver.find_elements(By.CSS_SELECTOR, "#tree .row")
            if row.find_element(By.CSS_SELECTOR, ".label").text == label
        )

    def errors(self) -> list[str]:
        """Give what the console was told since this was last asked."""
        # The tests themselves read the map's pixels back, of which Chromium complains.
        told = [record["message"] for record in self.driver.get_log("browser")]
        return [message for message in told if "willReadFrequently" not in message]


@contextmanager
def browser(width: int = 1280, height: int = 800) -> Iterator[Page]:
    """Start a Chromium whose window shows this many pixels, and end it.

    Raises:
        AssertionError: there is no Chromium.
    """
    program, driver_program = shutil.which("chromium"), shutil.which("chromedriver")
    missing = "the viewer is tested in Chromium, and it is not installed: python -m tests.browser"
    assert program, missing
    assert driver_program, missing
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        options = webdriver.ChromeOptions()
        options.binary_location = program
        for switch in (*_SWITCHES, f"--user-data-dir={folder}/profile"):
            options.add_argument(switch)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        driver = webdriver.Chrome(service=Service(executable_path=driver_program), options=options)
        try:
            driver.set_page_load_timeout(30)
            resize(driver, width, height)
            yield Page(driver, Path(folder))
        finally:
            driver.quit()


def resize(driver: webdriver.Chrome, width: int, height: int) -> None:
    """Give the page exactly this many pixels."""
    driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False},
    )


def prefer(driver: webdriver.Chrome, scheme: str, medium: str = "screen", **more: str) -> None:
    """Let the reader's system prefer `light` or `dark`, and more: `contrast="more"`, `reduced_motion="reduce"`."""
    wishes = {"color-scheme": scheme, **{name.replace("_", "-"): value for name, value in more.items()}}
    features = [{"name": f"prefers-{name}", "value": value} for name, value in wishes.items()]
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": medium, "features": features})


__all__ = ["By", "Keys", "Page", "browser", "prefer", "resize"]
