"""Load a model from a directory in Hugging Face layout, and run it.

    python examples/load_directory.py tests/golden/bert-a

The directory holds config.json and the weights, in one file or in shards. Its config names the model, and gives the
hyperparameters; the class is found among those that are registered.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from mindspore import Tensor

import lazycell


def main(directory: Path) -> None:
    models = lazycell.registered_models()
    print("registered:", ", ".join(f"{model.model_type}/{model.architecture}" for model in models))

    net = lazycell.from_pretrained(directory)
    net.set_train(False)  # no dropout
    print(net.manifest())
    print(lazycell.status(net)["embeddings.word_embeddings.weight"].origin)

    ids = Tensor(np.arange(1, 9, dtype=np.int64).reshape(2, 4))
    output = net(ids)
    print("last hidden state:", output.last_hidden_state.shape)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    try:
        main(Path(sys.argv[1]))
    except lazycell.LazyCellError as error:
        sys.exit(str(error))
