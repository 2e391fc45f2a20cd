"""What a notebook shows: tables of nets, manifests and reports, with nothing read and nothing believed."""

from __future__ import annotations

import numpy as np
from mindspore import nn

import lazycell
from lazycell import LazyCell, Param
from lazycell.layout._entry import ManifestEntry
from lazycell.manifest._manifest import Manifest

HOSTILE = "<script>alert(1)</script>"


class Net(LazyCell):
    """Two parameters."""

    n: int

    weight: Param["normal", (n, n)]
    bias: Param["zeros", (n,)]


def test_a_net_shows_its_states_and_stays_declared() -> None:
    """Showing it reads no value, so nothing is drawn."""
    net = Net(3)
    assert "declared" in net._repr_html_()
    assert lazycell.uninitialized(net) == ["weight", "bias"]
    net.init_parameters_data(seed=1)
    shown = net._repr_html_()
    assert "initialized" in shown
    assert "weight" in shown


def test_reports_and_manifests() -> None:
    """Each gives a table of its own."""
    net = Net(3)
    arrays = {"weight": np.ones((3, 3), np.float32), "bias": np.zeros(3, np.float32)}
    plan, manifest = lazycell.plan(net, arrays), net.manifest()
    report = net.load_checkpoint(arrays)
    for each in (plan, report, manifest, manifest.sizes(), manifest.diff(Net.manifest(4)), lazycell.status(net)):
        shown = each._repr_html_()
        assert "<" in shown
        assert "weight" in shown or "Net" in shown or "loaded 2" in shown


def test_names_of_strangers_are_text() -> None:
    """What looks like a tag is shown as it is written."""
    manifest = Manifest("Net", (ManifestEntry(HOSTILE, (2,), "float32", "normal"),))
    for each in (manifest, manifest.sizes(), manifest.diff(Manifest(HOSTILE, ()))):
        assert "<script>" not in each._repr_html_()


def test_the_page_of_a_net_tells_the_classes_of_its_plain_cells() -> None:
    """They have what no declaration tells of; a net that declares everything needs them not."""
    net = nn.SequentialCell(nn.Dense(2, 3), nn.LayerNorm([3]))
    manifest = lazycell.manifest(net)
    assert manifest.cells == {"": "SequentialCell", "0": "Dense", "1": "LayerNorm"}
    page = manifest.to_html()
    assert '"declared_by":"Dense.weight"' in page
    assert '"declared_by":"LayerNorm.gamma"' in page
    assert Net(3).manifest().cells == {}
