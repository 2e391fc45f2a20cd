"""What a directory is that lazycell cannot load: a sentence on what is there, and one on what to do."""

from __future__ import annotations

from collections.abc import Callable, Sequence

_Names = Sequence[str]


def what_it_is(names: _Names) -> str | None:
    """Say what a directory with these names is, and what to do; None: nothing that is known."""
    return next((sentences for applies, sentences in _KINDS if applies(names)), None)


def _has(*wanted: str) -> Callable[[_Names], bool]:
    return lambda names: any(name in wanted for name in names)


def _ends(*suffixes: str) -> Callable[[_Names], bool]:
    return lambda names: any(name.endswith(suffixes) for name in names)


def _is_snapshot_root(names: _Names) -> bool:
    return "snapshots" in names and ("refs" in names or "blobs" in names)


_KINDS: tuple[tuple[Callable[[_Names], bool], str], ...] = (
    (
        _is_snapshot_root,
        "the root of one repository in Hugging Face's cache, whose files are in snapshots/REVISION below it; give that "
        "directory: the revision of a branch is in refs/BRANCH",
    ),
    (
        _has("adapter_config.json"),
        "an adapter of PEFT, which changes a base model and is none itself; merge the two with PEFT, and load that: "
        'PeftModel.from_pretrained(base, "ADAPTER").merge_and_unload().save_pretrained("MERGED")',
    ),
    (
        _has("zero_to_fp32.py", "latest"),
        "a checkpoint of DeepSpeed, whose weights lie in parts among its optimizer's states; put them together with "
        "the program that DeepSpeed wrote beside them: python zero_to_fp32.py . MERGED --safe_serialization",
    ),
    (
        _ends(".gguf"),
        "GGUF files, of llama.cpp: their weights are quantized in blocks; load the repository that they were made "
        "from, which has .safetensors files",
    ),
    (
        _has("tf_model.h5", "flax_model.msgpack", "model.ckpt.index", "bert_model.ckpt.index"),
        "weights of TensorFlow or Flax, and none of PyTorch; write them anew with transformers 4, which reads both: "
        'AutoModel.from_pretrained("DIR", from_tf=True).save_pretrained("CONVERTED"), or from_flax=True',
    ),
    (
        _has("params.json"),
        "weights in the layout of their authors' own code, with params.json instead of config.json; load the "
        "repository's files for transformers, model.safetensors and config.json, which have the names of models here",
    ),
    (
        _has("config.json"),
        "a config.json and no weights; was the download complete? `hf download ORG/NAME` gets all of a repository",
    ),
)
