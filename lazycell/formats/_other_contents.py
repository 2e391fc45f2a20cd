"""What a directory is that lazycell cannot load: a sentence on what is there, and one on what to do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from ..show import few
from ._hub_cache import snapshot_of, snapshots_in

_SHOWN = 5

_Names = Sequence[str]


def what_it_is(directory: Path, names: _Names) -> str | None:
    """Say what a directory is in which these names are, and what to do; None: nothing that is known."""
    if _is_cache_root(names):
        return _cache_root(directory)
    for applies, sentences in _KINDS:
        if applies(names):
            return sentences.replace("{DIRECTORY}", str(directory))
    return _models_below(directory, names)


def _models_below(directory: Path, names: _Names) -> str | None:
    """Name the directories inside that are models: checkpoints of a training, parts of a pipeline, snapshots."""
    below = [name for name in sorted(names, key=_by_number) if (directory / name / "config.json").is_file()]
    if not below:
        return None
    one = below[-1] if below[-1].startswith("checkpoint-") else below[0]
    what = "no model itself, but there are directories in it that have a config.json"
    return f"{what}: {few(below, _SHOWN)}; give the path of the one to load, such as {directory / one}"


def _by_number(name: str) -> tuple[str, int]:
    """Order checkpoint-500 before checkpoint-1000."""
    stem, _, number = name.rpartition("-")
    return (stem, int(number)) if number.isdecimal() else (name, 0)


def _has(*wanted: str) -> Callable[[_Names], bool]:
    return lambda names: any(name in wanted for name in names)


def _starts(*prefixes: str) -> Callable[[_Names], bool]:
    return lambda names: any(name.startswith(prefixes) for name in names)


def _ends(*suffixes: str) -> Callable[[_Names], bool]:
    return lambda names: any(name.endswith(suffixes) for name in names)


def _is_cache_root(names: _Names) -> bool:
    return "snapshots" in names and ("refs" in names or "blobs" in names)


def _cache_root(directory: Path) -> str:
    """Name the snapshot to give: that of `main`, which a download without a revision gets, else the only one."""
    what = "the root of one repository in Hugging Face's cache, whose files are in a snapshot below it"
    main = snapshot_of(directory, "main")
    if main is not None:
        return f"{what}; give {main}, which is its branch main"
    there = snapshots_in(directory)
    if len(there) == 1:
        return f"{what}; give {there[0]}"
    if there:
        return f"{what}; give one of them, such as {there[0]}"
    return f"{what}, and there is none; `hf download ORG/NAME` gets all of a repository"


def _is_deepspeed(names: _Names) -> bool:
    return "zero_to_fp32.py" in names or ("latest" in names and any(name.startswith("global_step") for name in names))


_KINDS: tuple[tuple[Callable[[_Names], bool], str], ...] = (
    (
        _has("adapter_config.json"),
        "an adapter of PEFT, which changes a base model and is none itself; load the base with it: "
        'from_pretrained(BASE, adapter="{DIRECTORY}")',
    ),
    (
        _is_deepspeed,
        "a checkpoint of DeepSpeed, whose weights lie in parts among its optimizer's states; put them together with "
        "the program that DeepSpeed writes beside them, and load that: "
        "python {DIRECTORY}/zero_to_fp32.py {DIRECTORY} MERGED --safe_serialization",
    ),
    (
        lambda names: _starts("pytorch_model_fsdp_")(names) or _ends(".distcp")(names),
        "a checkpoint of torch.distributed, whose weights lie in parts; put them together with accelerate, and load "
        "that: accelerate merge-weights {DIRECTORY}/pytorch_model_fsdp_0 MERGED",
    ),
    (
        _starts("tf_model", "flax_model", "model.ckpt", "bert_model.ckpt"),
        "weights of TensorFlow or Flax, and none of PyTorch; write them anew with transformers 4, which reads both, "
        'and load that: AutoModel.from_pretrained("{DIRECTORY}", from_tf=True).save_pretrained("CONVERTED"), or '
        "from_flax=True",
    ),
    (
        _has("params.json"),
        "weights in the layout of their authors' own code, with params.json instead of config.json; load the "
        "repository's files for transformers, model.safetensors and config.json, which have the names of models here",
    ),
    (
        lambda names: _has("onnx", "openvino")(names) or _ends(".onnx", "openvino_model.xml")(names),
        "weights of ONNX or OpenVINO, and none of PyTorch; load the repository that they were exported from, or get "
        "all of this one: `hf download ORG/NAME`",
    ),
    (
        _has("config.json"),
        "a config.json and no weights; was the download complete? `hf download ORG/NAME` gets all of a repository",
    ),
)
