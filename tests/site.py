"""Looks at the built documentation in Chromium, as its readers do: `python -m tests.site SITE`.

On a phone and on a desk, no page may be wider than its window, no block of code may scroll far, and every image is there;
the search finds every name of the reference, and what is pasted into it; the button of a block copies what is typed;
nothing is written to the console, and nothing is asked of another site. What is not so is printed, and the status is 1.
"""

from __future__ import annotations

import functools
import importlib.util
import json
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .browser import missing

if TYPE_CHECKING:
    from .viewer.browser import Page

# The window's width in pixels; how far code may be wider than its block, and how high a block may be.
WINDOWS = ((390, 560, 1500), (1440, 0, 1000))
# What is typed or pasted into the search, and a part of an address among the first results.
QUERIES = (
    ("save_checkpoint", "#lazycell.save_checkpoint"),
    ('net.save_checkpoint("x")', "save_checkpoint"),
    ("lazycell.save_checkpoint(net, path)", "#lazycell.save_checkpoint"),
    ('Param["normal"]', "#lazycell.param"),
    ("lazycell manifest --check", "commands/manifest/"),
    ("--reason", "commands/migrate/"),
    (
        "lazycell.UninitializedParameterError: parameter 'weight' (shape (10, 768), float32) is declared",
        "#lazycell.UninitializedParameterError",
    ),
    ("how do I load a GGUF file", "sources/"),
    ("install", "install/"),
)

# Pages are opened in frames, which run no scripts and so take a tenth of the time, and are measured at each width.
_MEASURE = """
const [addresses, widths, done] = arguments;
const found = {}, waiting = [...addresses];
const measured = async () => {
  for (let address; (address = waiting.shift()); ) {
    const frame = document.createElement("iframe");
    frame.setAttribute("sandbox", "allow-same-origin");
    frame.style.cssText = "position: fixed; left: 0; top: 0; border: 0; height: 800px";
    frame.style.width = `${widths[0]}px`;
    await new Promise((loaded) => { frame.onload = loaded; frame.src = address; document.body.append(frame); });
    const page = frame.contentDocument;
    for (const image of page.images) image.loading = "eager";
    await Promise.all([...page.images].map((image) => image.decode().catch(() => {})));
    found[address] = widths.map((width) => {
      frame.style.width = `${width}px`;
      const images = [...page.images].filter((image) => !image.naturalWidth).map((image) => image.src);
      const blocks = [...page.querySelectorAll("pre")].map((block) => {
        const code = block.querySelector("code") ?? block;
        const wider = Math.max(block.scrollWidth - block.clientWidth, code.scrollWidth - code.clientWidth);
        return [wider, block.offsetHeight, code.textContent.trim().slice(0, 50)];
      });
      return { width: page.documentElement.scrollWidth, images, blocks };
    });
    frame.remove();
  }
};
Promise.all([1, 2, 3, 4].map(measured)).then(() => done(found));
"""
# What Chromium says of them.
_FRAMES = "Blocked script execution in"
# The site's own worker and index, asked as the site asks it.
_SEARCH = """
const [queries, done] = arguments;
(async () => {
  const config = JSON.parse(document.getElementById("__config").textContent);
  const index = await (await fetch("search/search_index.json")).json();
  const worker = new Worker(config.search);
  const ask = (message) => new Promise((answered) => {
    worker.onmessage = ({ data }) => answered(data.data);
    worker.postMessage(message);
  });
  await ask({ type: 0, data: { ...index, options: {} } });
  const own = index.docs.map((entry) => entry.location.split("#")[1] ?? "")
    .filter((anchor) => /^lazycell[.]\\w+$/.test(anchor)).map((anchor) => [anchor.slice(9), `#${anchor}`]);
  const lost = [];
  for (const [query, wanted] of [...queries, ...own]) {
    const { items } = await ask({ type: 2, data: query });
    const first = items.slice(0, 10).flat().map((item) => item.location);
    if (!first.some((location) => location.includes(wanted))) lost.push([query, wanted, first.slice(0, 5)]);
  }
  done([own.length, lost]);
})();
"""
_LISTEN = """
document.addEventListener("copy", ({ target }) => { window.copied = target.value; }, { once: true });
arguments[0].scrollIntoView({ block: "center" });
"""


class _Quiet(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def served(site: Path) -> Iterator[str]:
    """Serve a directory on a free port, and give its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(site)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


def layout_faults(page: Page, address: str, site: Path) -> Iterator[str]:
    """Say what is too wide or too high, and which images are missing, on any page at any width."""
    names = sorted(path.relative_to(site).as_posix() for path in site.rglob("*.html"))
    page.driver.set_script_timeout(120)
    page.driver.get(address)
    widths = [width for width, _, _ in WINDOWS]
    found = page.driver.execute_async_script(_MEASURE, [address + name for name in names], widths)
    for name in names:
        for (width, wide, high), seen in zip(WINDOWS, found[address + name], strict=True):
            if seen["width"] > width:
                yield f"{name} is {seen['width']} pixels wide in a window of {width}"
            for wider, height, text in seen["blocks"]:
                if wider > wide:
                    yield f"{name}: at {width} pixels, code scrolls sideways by {wider}, not {wide} at most: {text}"
                if height > high:
                    yield f"{name}: at {width} pixels, a block is {height} high, not {high} at most: {text}"
        for image in found[address + name][0]["images"]:
            yield f"{name} shows no {image}"


def search_faults(page: Page, address: str) -> Iterator[str]:
    """Say what is not found, asked of the search's worker, and of the field that readers type into."""
    page.driver.get(address)
    names, lost = page.driver.execute_async_script(_SEARCH, QUERIES)
    if not names:
        yield "the reference has no names"
    for query, wanted, first in lost:
        yield f"the search for {query!r} finds no {wanted}; it finds {first}"
    page.driver.get(f"{address}?q=--check")
    end = time.monotonic() + 10
    while not page.run("return document.querySelector('.md-search-result__item a')") and time.monotonic() < end:
        time.sleep(0.05)
    if not page.run("return document.querySelector('.md-search-result__item a')"):
        yield "the search of the page shows no result for '--check'"


def block_faults(page: Page, address: str) -> Iterator[str]:
    """Say what the buttons of blocks do wrong, on the page of a command and on that of a long listing."""
    page.driver.get(f"{address}commands/")
    # The theme adds its buttons when it has started.
    end = time.monotonic() + 10
    while not (buttons := page.run("return [...document.querySelectorAll('.language-console .md-code__button')]")):
        if time.monotonic() > end:
            yield "no block of commands/ has a button that copies"
            return
        time.sleep(0.05)
    page.run(_LISTEN, buttons[-1])
    buttons[-1].click()  # the browser's own: a script may not copy
    copied = page.run("return window.copied")
    if not copied or any(not line.startswith(("lazycell ", "echo ")) for line in copied.splitlines()):
        yield f"the button of the last block on commands/ copies {copied!r}"
    page.driver.get(f"{address}ports/")
    heights = page.run(
        "const [block, fold] = [document.querySelector('.long pre'), document.querySelector('.long label')];"
        "const before = block.offsetHeight; fold.click(); return [before, block.offsetHeight];"
    )
    if not heights[1] > 2 * heights[0]:
        yield f"the first long block on ports/ is {heights[0]} pixels high, and {heights[1]} unfolded"


def foreign_requests(page: Page, address: str) -> Iterator[str]:
    """Say what was asked of another site since the browser started."""
    for record in page.driver.get_log("performance"):
        message = json.loads(record["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            asked = message["params"]["request"]["url"]
            if not asked.startswith((address, "data:", "blob:", "about:", "chrome:")):
                yield f"a page asks for {asked}"


def main() -> int:
    """Look at the site in the directory that is named."""
    site = Path(sys.argv[1])
    absent = [*missing(), *(name for name in ("selenium",) if importlib.util.find_spec(name) is None)]
    if absent:
        print(
            f"the site is looked at in Chromium, and there is no {' and no '.join(absent)}: "
            'python -m pip install -e ".[test]" && python -m tests.browser',
            file=sys.stderr,
        )
        return 1
    from .viewer.browser import browser  # imports selenium

    with served(site) as address, browser(1440, 900) as page:
        faults = [
            *layout_faults(page, address, site),
            *search_faults(page, address),
            *block_faults(page, address),
            *(f"the console says: {error}" for error in page.errors() if _FRAMES not in error),
            *foreign_requests(page, address),
        ]
    print(*faults, sep="\n", end="\n" * bool(faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
