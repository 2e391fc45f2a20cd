"""Build a plain nn.Cell without values, fill it from a checkpoint, and initialize what the checkpoint lacks.

    python examples/plain_cell.py

The class is ordinary MindSpore code. Only the line that builds it is different.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import mindspore as ms
from mindspore import nn, ops

import lazycell


class Net(nn.Cell):
    """A body to be loaded, and a head that is new."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.body = nn.SequentialCell(nn.Dense(width, width), nn.ReLU(), nn.Dense(width, width))
        self.head = nn.Dense(width, 2)

    def construct(self, x):
        return self.head(self.body(x))


def write_checkpoint(path: Path) -> None:
    """Write a checkpoint of the body alone, as another program would have."""
    parameters = Net(16).parameters_dict()
    ms.save_checkpoint([{"name": k, "data": v} for k, v in parameters.items() if k.startswith("body.")], str(path))


def main() -> None:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "body.ckpt"
        write_checkpoint(path)

        with lazycell.no_init_parameters():
            net = Net(16)
        print("built: ", lazycell.uninitialized(net))

        report = lazycell.load_checkpoint(path, net, missing=["head.*"])
        print("loaded, but for", list(report.initialized))

        lazycell.init_parameters_data(net, seed=0)
        print(lazycell.status(net))
        print("output:", net(ops.ones((1, 16))).shape)


if __name__ == "__main__":
    main()
