"""Each operation that changes files, killed and interrupted a few times; `python -m tests.kills` does it more often."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest

import tests
from lazycell import Mesh

from .. import forked
from .__main__ import FILES, kill
from .loads import Net, judge, what_it_has
from .operations import Lost

ROOT = Path(tests.__file__).parents[1]


def command(*arguments: str) -> str:
    """Run the command; give what it prints."""
    run = subprocess.run(
        [*forked.python(), "-m", "tests.kills", *arguments, "--seed", "5"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


@pytest.mark.parametrize("how", [(), ("--interrupt",)], ids=["kill", "interrupt"])
def test_nothing_is_lost(how: tuple[str, ...]) -> None:
    """The destination is the old or the new, whole; the next call works, and leaves nothing else."""
    printed = command(*FILES, "--times", "48", *how)
    for kind in FILES:
        assert re.search(rf"^{kind}: 6 kills: \d+ old, \d+ between, \d+ new, 0 lost; seed 5$", printed, re.MULTILINE)


class InPlace:
    """An operation as it should not be: a file is overwritten, slowly."""

    def prepare(self, directory: Path, number: int) -> None:
        (directory / "file").write_text("o" * 40)

    def act(self, directory: Path, number: int) -> None:
        with open(directory / "file", "w", opener=lambda path, flags: os.open(path, flags)) as file:
            for _ in range(40):
                file.write("n")
                file.flush()
                time.sleep(0.001)

    def examine(self, directory: Path, number: int) -> str:
        text = (directory / "file").read_text()
        if text not in ("o" * 40, "n" * 40):
            raise Lost(text)
        return "old" if text[0] == "o" else "new"

    def again(self, directory: Path, number: int) -> None:
        pass


def test_what_loses_something_is_found(tmp_path: Path) -> None:
    """A part of the new in place of the old is neither."""
    states, lost = kill(InPlace(), 5, tmp_path, 1, signal.SIGKILL)
    assert states.total() + len(lost) == 5
    assert len(lost) > 2
    assert re.search("Lost: n+", lost[0])


def test_no_net_is_changed_by_half() -> None:
    """Of two or four ranks that load one is killed: the others have what they had, or all that they loaded."""
    printed = command("rank-loads", "--times", "5")
    found = re.search(r"^rank-loads: 5 kills: (\d+) old, \d+ between, \d+ new, 0 lost; seed 5$", printed, re.MULTILINE)
    assert found is not None, printed
    assert int(found[1]) > 0  # they were killed while they loaded


def test_what_a_net_has_is_found() -> None:
    """Of a rank's part, too; what is of two checkpoints, or lacks something, is a mixture."""
    whole = [Net(depth=2), Net(depth=2)]
    for seed, each in enumerate(whole):
        each.init_parameters_data(seed=seed)
    old, new = ({each.name: each.asnumpy() for each in net.get_parameters()} for net in whole)
    with Mesh(tp=2, rank=1):
        net = Net(depth=2)
    known = {"old": old, "new": new}
    assert what_it_has(net, known) == "nothing"
    net.init_parameters_data(seed=1)
    assert what_it_has(net, known) == "new"
    assert what_it_has(net, {"old": old, "new": new | {"layers.1.norm": np.zeros(64)}}) == "a mixture"
    net.layers[0].norm.set_data(whole[0].layers[0].norm)
    assert what_it_has(net, known) == "a mixture"
    judge({"before": "old", "error": None, "has": "new", "seconds": 1})
    for has, error in (("new", "E"), ("old", None), ("a mixture", "E")):
        with pytest.raises(Lost, match=f"the net has {has}, and the load ended with {error}"):
            judge({"before": "old", "error": error, "has": has, "seconds": 1})
    with pytest.raises(Lost, match=r"it took 99\.0 s"):
        judge({"before": "old", "error": "E", "has": "old", "seconds": 99})
