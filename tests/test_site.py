"""What looks at the built documentation sees what is wrong with a page."""

from __future__ import annotations

from pathlib import Path

from . import site
from .viewer.browser import browser

_GOOD = '<!doctype html><link rel="icon" href="data:,"><meta name="viewport" content="width=device-width"><p>words</p><pre><code>x = 1</code></pre>'
_LINES = "y\n" * 200
_BAD = (
    f'{_GOOD}<div style="width: 500px">wide</div><pre style="overflow: auto"><code>{"x" * 400}</code></pre>'
    f'<pre><code>{_LINES}</code></pre><img src="absent.png"><img src="http://127.0.0.1:9/pixel.png">'
)


def test_faults_are_seen(tmp_path: Path) -> None:
    """Those of layout, images that are not there, and what is asked of another site; of a good page there are none."""
    (tmp_path / "index.html").write_text(_GOOD)
    (tmp_path / "bad.html").write_text(_BAD)
    with site.served(tmp_path) as address, browser(1440, 900) as page:
        page.driver.get(address)
        assert page.errors() == []
        assert list(site.foreign_requests(page, address)) == []
        faults = list(site.layout_faults(page, address, tmp_path))
        foreign = set(site.foreign_requests(page, address))
    assert [fault for fault in faults if not fault.startswith("bad.html")] == []
    told = "\n".join(faults)
    assert "bad.html is 508 pixels wide in a window of 390" in told
    assert "bad.html: at 390 pixels, code scrolls sideways by " in told
    assert "bad.html: at 1440 pixels, code scrolls sideways by " in told
    assert "high, not 1000 at most: y" in told
    assert f"bad.html shows no {address}absent.png" in told
    assert foreign == {"a page asks for http://127.0.0.1:9/pixel.png"}
