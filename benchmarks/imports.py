"""What importing lazycell adds: `python -m benchmarks.imports`."""

from __future__ import annotations

from ._case import OURS, Case, Quantity, Side, Target
from ._command import command
from ._work import NOTHING

CASES = (
    Case(
        "import",
        "Import lazycell after MindSpore",
        NOTHING,
        NOTHING,
        (Side(OURS, "_import", ("mindspore", "package", "lazycell"), ("mindspore",)),),
        ends="imported",
    ),
    Case(
        "import-alone",
        "Import what of lazycell needs no MindSpore",
        NOTHING,
        NOTHING,
        (Side(OURS, "_import", ("lazycell_alone",), ("mindspore",)),),
        ends="imported",
    ),
)

TARGETS = (
    Target("import lazycell", Quantity("import", OURS, "seconds", ("package",)), plus=0.030),
    # The names are imported when they are first used: this is what somebody waits who declares a model.
    Target("import lazycell, use LazyCell", Quantity("import", OURS, "seconds", ("package", "lazycell")), plus=0.030),
    Target("import lazycell", Quantity("import-alone", OURS, "seconds"), plus=0.100),
)

if __name__ == "__main__":
    command("Importing", CASES, TARGETS)(prog_name="python -m benchmarks.imports")
