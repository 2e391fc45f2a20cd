"""`python -m benchmarks.rank_plans` runs, and what it plans for is what it says."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from benchmarks import rank_plans
from benchmarks._trillion import Model
from lazycell import Mesh, plan


def test_it_runs() -> None:
    """On a small model, in processes of their own, which refuse to have MindSpore and numpy; targets are met."""
    done = CliRunner().invoke(rank_plans.main, ["--quick", "--tries", "1"])
    assert done.exit_code == 0, done.output
    rows = [line.split("|")[1].strip() for line in done.output.splitlines() if line.startswith("|")]
    assert len(rows) == 2 + len(rank_plans.TARGETS) + 1
    assert "MISSED" not in done.output
    assert "10,240 ranks" in done.output


def test_the_model() -> None:
    """A trillion parameters in 69,552 tensors: 7 of each layer but the feed-forward ones, the table, a norm, the head."""
    manifest = Model.manifest(dtype="bfloat16")
    experts = 60 * 384 * 3
    assert len(manifest) == 61 * 6 + 3 + 60 + experts + 3 == 69_552
    matrices = 384 * 60 * 3 * 7168 * 2048 + 60 * 384 * 7168 + 3 * 7168 * 18432 + 61 * 4 * 7168 * 8192
    assert manifest.size == matrices + 2 * 163840 * 7168 + (2 * 61 + 1) * 7168


def test_the_checkpoint(tmp_path: Path) -> None:
    """Its files have the length of what they are to hold, and take no room; they fit the model, for any rank."""
    manifest = Model.manifest(n_layers=3, n_experts=2, hidden=512, dtype="bfloat16")
    rank_plans.write(tmp_path, manifest)
    found = plan(manifest, tmp_path, mesh=Mesh(pp=3, tp=2, rank=5))
    assert 0 < found.nbytes < manifest.nbytes
    files = [*tmp_path.glob("*.safetensors")]
    assert sum(path.stat().st_size for path in files) > manifest.nbytes
    assert sum(path.stat().st_blocks * 512 for path in files) < 1_000_000
