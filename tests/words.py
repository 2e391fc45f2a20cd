"""What every word of the language has to live through, in one call: built, named, saved, loaded, copied, compared."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import mindspore as ms
import numpy as np

import lazycell
from lazycell import LazyCell, Manifest


def live(cls: type[LazyCell], folder: Path, /, **hyperparameters: Any) -> Any:
    """Take a model through its life, and give an instance that has values.

    Its class has to be found by pickle. What is checked: the manifest without building is that of the net, and is the
    same as JSON; values depend on seed and names alone; copies, files of lazycell and of MindSpore hold them all.
    """
    net = cls(**hyperparameters)
    manifest = cls.manifest(**hyperparameters)
    assert net.manifest() == manifest
    text = manifest.to_json()
    assert Manifest.from_json(text).to_json() == text
    assert Manifest.from_json(manifest.to_json(collapsed=True)).digest == manifest.digest
    assert not manifest.diff(net.manifest())
    for text in (str(manifest), manifest.to_html(), manifest.to_markdown()):
        assert manifest.model in text
    names = [entry.name for entry in manifest]
    assert [name for name, _ in net.parameters_and_names()] == names
    assert [parameter.name for parameter in net.get_parameters()] == names
    assert lazycell.uninitialized(net) == names

    declared = copy.deepcopy(net)
    net.init_parameters_data(seed=5)
    declared.init_parameters_data(seed=5)
    thawed = pickle.loads(pickle.dumps(cls(**hyperparameters)))
    thawed.init_parameters_data(seed=5)
    for other in (declared, thawed, copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        assert_equal(other, net)

    file = folder / "net.safetensors"
    net.save_checkpoint(file)
    stored = set(lazycell.open_checkpoint(file).tensors)
    assert stored == {tensor.name for tensor in manifest.stored} | {
        name for name in names if not any(name in tensor.parameters for tensor in manifest.stored)
    }
    again = cls(**hyperparameters)
    assert not lazycell.plan(again, file).initialize
    report = again.load_checkpoint(file)
    assert set(report.loaded) == set(names)
    assert_equal(again, net)
    cls.infer(file)
    if not manifest.stored:
        ms.save_checkpoint(net, str(folder / "net.ckpt"))
        other = cls(**hyperparameters)
        assert ms.load_param_into_net(other, ms.load_checkpoint(str(folder / "net.ckpt"))) == ([], [])
        assert_equal(other, net)
    again = cls(**hyperparameters)
    again.load_state_dict(net.state_dict())
    assert_equal(again, net)
    return net


def values_of(net: Any) -> dict[str, np.ndarray[Any, Any]]:
    """Give all values of a net, by name."""
    return {name: parameter.asnumpy() for name, parameter in net.parameters_and_names()}


def assert_equal(net: Any, other: Any) -> None:
    """Two nets have the same names and the same values."""
    ours, theirs = values_of(net), values_of(other)
    assert list(ours) == list(theirs)
    for name, values in ours.items():
        np.testing.assert_array_equal(values, theirs[name], err_msg=name)
