"""The process that loads one file or directory: `python -m benchmarks._sources LIBRARY PATH TRIES`.

It needs Python, the library and what that needs; of lazycell's nothing where the library is transformers.
"""

from __future__ import annotations

import gc
import json
import sys
import warnings
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from ._measure import measure


def lazycell(path: str) -> Any:
    """Load as a user of lazycell does."""
    return import_module("lazycell").from_pretrained(path)


def transformers(path: str) -> Any:
    """Load as a user of transformers does; its own way, the first, for a file of GGUF."""
    folder, name = Path(path).parent, Path(path).name
    return import_module("transformers").LlamaForCausalLM.from_pretrained(folder, gguf_file=name)


def arrays(net: Any) -> list[Any]:
    """Give each parameter's numbers."""
    if hasattr(net, "named_parameters"):
        return [each.detach().numpy() for each in net.parameters()]
    return [each.asnumpy() for each in net.get_parameters()]


def main() -> None:
    """Load, and print one line of JSON: what each try took, the bytes of the result, and the sum of its numbers."""
    library, path, tries = sys.argv[1], sys.argv[2], int(sys.argv[3])
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
    taken = []
    net = None
    for _try in range(tries):
        net = None
        gc.collect()  # what the try before left is not this one's to clear away
        net, steps = measure({"load": lambda _: load(path)}, collect=False)
        taken.append(steps["load"])
    found = arrays(net)
    total = sum(float(each.sum(dtype="float64")) for each in found)
    print(json.dumps({"tries": taken, "nbytes": sum(each.nbytes for each in found), "total": total}))


if __name__ == "__main__":
    main()
