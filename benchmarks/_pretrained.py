"""The process that loads one directory again and again: `python -c SOURCE LIBRARY DIRECTORY TRIES`.

It is given to Python as text, so that it measures the lazycell on the path, whichever checkout that is of.
"""

from __future__ import annotations

import gc
import json
import sys
import time
import warnings
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any


def lazycell(directory: str) -> Any:
    """Load as a user of lazycell does, class and all from the config."""
    return import_module("lazycell").from_pretrained(directory)


def transformers(directory: str) -> Any:
    """Load as a user of transformers does, with the class that the config names."""
    name = json.loads((Path(directory) / "config.json").read_text(encoding="utf-8"))["architectures"][0]
    return getattr(import_module("transformers"), name).from_pretrained(directory)


def total(net: Any) -> float:
    """Add up all parameters: the same on all sides, but for the order in which they are added."""
    if hasattr(net, "named_parameters"):
        return float(sum(each.detach().double().sum().item() for each in net.parameters()))
    return float(sum(each.asnumpy().astype("float64").sum() for each in net.get_parameters()))


def main() -> None:
    """Load, and print one line of JSON.

    It has for each try the seconds that it took and those that threads worked, and the sum of what was loaded last.
    """
    library, directory, tries = sys.argv[1], sys.argv[2], int(sys.argv[3])
    warnings.simplefilter("ignore")
    load: Callable[[str], Any] = {"lazycell": lazycell, "transformers": transformers}[library]
    if library == "transformers":
        import_module("torch")
        logging = import_module("transformers").logging
        logging.set_verbosity_error()
        logging.disable_progress_bar()
    else:
        import_module("mindspore")
        import_module("lazycell")
    seconds: list[tuple[float, float]] = []
    net = None
    for _try in range(tries):
        net = None
        gc.collect()  # what the try before left is not this one's to clear away
        started, worked = time.perf_counter(), time.process_time()
        net = load(directory)
        seconds.append((time.perf_counter() - started, time.process_time() - worked))
    print(json.dumps({"seconds": seconds, "total": total(net)}))


if __name__ == "__main__":
    main()
