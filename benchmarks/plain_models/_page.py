"""The page of the documentation, which says who writes it."""

from __future__ import annotations

import sys
from itertools import groupby
from pathlib import Path

from benchmarks import _machine
from benchmarks._text import nbytes, table

from ._row import Row, spread, totals

PLACE = Path(__file__).parents[2] / "docs" / "plain-models.md"
PACKAGES = ("lazycell", "mindspore", "mindcv", "mindone", "transformers", "numpy")
INSTALL = """\
python -m pip install -e . "transformers==4.57.1" omegaconf
python -m pip install --no-deps mindcv==0.3.0 mindone==0.5.0
python -m benchmarks.plain_models --docs"""

_COMMENT = "<!-- Written by `python -m benchmarks.plain_models --docs`: changes are lost. -->"

_ABOUT = f"""\
What becomes of [plain cells](plain-cells.md) that know nothing of lazycell: models of
[mindcv](https://github.com/mindspore-lab/mindcv) and of the transformers and diffusers of
[mindone](https://github.com/mindspore-lab/mindone), as they are in their wheels. No number in this page is written by
hand. In [a clone](install.md#a-clone), and in a virtual environment of its own, since mindone wants a certain
transformers, and no torch:

```text
{INSTALL}
```

Models of mindcv have the size that their names say; those of mindone are small configs made for this table, so that
what is allocated is told best by the share. Each model is measured in a process of its own, in float32, on a CPU.
MindSpore has many operations on Ascend only, which mindone cannot be built or run without: the program has them in
NumPy (`benchmarks/plain_models/_kernels.py`), for all ways alike.

- **allocated**: of the bytes of all parameters, those of parameters that have values after a lazy build, under
  lazycell's `no_init_parameters` and under MindSpore's. "fails": the model cannot be built so.
- **build**: processor time of a build (`time.process_time`), the median of up to 15, in which the three ways take
  turns. The machine does other things too; what that costs is in all three.
- **to MindSpore's**: in each round, lazycell's time to that under MindSpore's `no_init_parameters`: the median, and the
  quartiles. Equal costs make a toss of each round. So lazycell's build is called faster where the upper quartile is
  below 1, slower where the lower one is above, and else the same.
- **values**: whether `lazycell.init_parameters_data`, after the same seeds, gives the parameters of the eager build,
  bit for bit; else how many are others.
- **loads**: what `mindspore.save_checkpoint` (`.ckpt`), `lazycell.save_checkpoint` (`.safetensors`) and a safetensors
  file under PyTorch's names say, all written from the eager net, loads into a lazy one: all parameters, bit for bit.
  PyTorch's names are made by the program's own rule, which is mindone's own table where there is one. lazycell is told
  of one class, mindone's `WeightNorm`, by `torch_names`; the weight that it computes before a run is in no such file.
- **output**: the largest difference between the outputs of the eager net and of a lazy one that has loaded; "–" where
  an operation is missing on a CPU after all, or the model itself fails."""


def write(rows: list[Row]) -> None:
    """Write the page.

    Args:
        rows: the models, those of a project one after another.
    """
    parts = [_COMMENT, "# Plain models", _ABOUT, _where(), "## In sum"]
    parts.append("\n".join(f"- {line}" for line in totals(rows)))
    for project, group in groupby(rows, lambda row: row.model.project):
        parts += [f"## {project}", table([_HEAD, *map(_cells, group)])]
    PLACE.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


_HEAD = ["model", "parameters", "bytes", "allocated", "by MindSpore", "build", "eager build", "build by MindSpore"]
_HEAD += ["to MindSpore's"]
_HEAD += ["values", "loads", "output"]


def _where() -> str:
    facts = {
        name: value for name, value in _machine.describe().items() if name in ("date", "processor", "cores", "load")
    }
    facts["versions"] = ", ".join(
        f"{name} {each}" for name, each in _machine.versions(sys.executable, PACKAGES).items()
    )
    return "\n".join(f"- {name}: {value}" for name, value in facts.items())


def _cells(row: Row) -> list[str]:
    times = {way: f"{seconds * 1e3:.3g} ms" for way, seconds in row.seconds.items()}
    return [
        row.model.name,
        "fails" if row.parameters is None else f"{row.parameters:,}",
        nbytes(row.bytes),
        _share(row.share),
        _share(row.their_share),
        *(times.get(way, "–") for way in ("lazycell", "eager", "mindspore")),
        spread(row) if row.ratios else "–",
        "equal" if row.equal else "–" if row.differing is None else f"{row.differing} others",
        _loads(row),
        "–" if row.computed is None else f"{row.computed:.1g}",
    ]


def _share(share: float | None) -> str:
    return "fails" if share is None else f"{share:.1%}"


def _loads(row: Row) -> str:
    ways = {".ckpt": row.mindspore_file, ".safetensors": row.lazycell_file, "PyTorch": row.torch_file}
    missing = [way for way, loads in ways.items() if not loads]
    return "all" if not missing else "not " + ", ".join(missing)
