"""Go on with a text: a checkpoint's directory, and the ids of the words so far.

One process has all of the model, and each of several a part of it:

    python examples/generate.py DIRECTORY 5 17 42
    msrun --worker_num=2 --local_worker_num=2 --master_addr=127.0.0.1 --master_port=8118 --join=True \
        examples/generate.py DIRECTORY 5 17 42

`--mesh tp=2,pp=2` arranges four; without it, all are along `tp`. Any checkpoint is read as it is, and each process
reads its part. Needs only lazycell and this repository's `models` package.
"""

import argparse
import os
import sys
import time

from mindspore import Tensor
from mindspore.communication import init

import lazycell
from models.generation import generate


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory")
    parser.add_argument("ids", nargs="*", type=int, default=[1])
    parser.add_argument("--mesh", help="the size of each axis, tp=2,pp=2")
    parser.add_argument("--words", type=int, default=20)
    asked = parser.parse_args()

    ranks = int(os.environ.get("RANK_SIZE", "1"))  # msrun says how many it started
    if ranks > 1:
        init()
    sizes = dict(each.split("=") for each in (asked.mesh or f"tp={ranks}").split(","))
    start = time.perf_counter()
    try:
        mesh = lazycell.Mesh(**{axis: int(size) for axis, size in sizes.items()})
        net = lazycell.from_pretrained(asked.directory, mesh=mesh)
        loaded = time.perf_counter() - start
        words = generate(net, Tensor([asked.ids]), max_new_tokens=asked.words)  # each process gets the same
    except (OSError, ValueError, lazycell.LazyCellError) as error:
        sys.exit(f"rank {os.environ.get('RANK_ID', '0')}: {error}")
    if mesh.rank == 0:
        held, size = sum(each.nbytes for each in net.get_parameters()), net.manifest().nbytes
        print(f"{type(net).__name__} on {mesh.ranks} ranks: this one has {held:,} of {size:,} bytes, in {loaded:.1f} s")
        print("words:", *words.asnumpy()[0])


if __name__ == "__main__":
    main()
