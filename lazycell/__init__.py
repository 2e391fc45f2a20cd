"""lazycell: models for MindSpore whose parameters are declared, checked and loaded before any memory is touched.

The public names are here, each imported when it is first used: what needs no MindSpore does not import it.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from .system._collector import collector_paused

_PLACES = {
    "cell._cell": ("LazyCell",),
    "cell._initial_values": ("initial_values",),
    "cell._launching": ("launch_blocking",),
    "declaration._declare": ("Buffer", "Param", "buffer", "child", "children", "hyper", "param", "tie", "when"),
    "declaration._class_body": ("require",),
    "declaration._declaration": ("same",),
    "declaration._symbols": ("INDEX", "SELF", "max_", "min_"),
    "declaration._fields": ("Fields", "fields"),
    "cell._initializers": ("register_initializer",),
    "initializers": (
        "dirac",
        "he_normal",
        "he_uniform",
        "identity",
        "normal",
        "ones",
        "orthogonal",
        "truncated_normal",
        "uniform",
        "variance_scaling",
        "xavier_normal",
        "xavier_uniform",
        "zeros",
    ),
    "parameters": ("lazy", "no_init_parameters"),
    "parameters._life": ("Origin",),
    "parameters._lifecycle": ("ParameterStatus", "Status", "init_parameters_data", "status", "uninitialized"),
    "manifest.diff._diff": ("Change", "ManifestDiff"),
    "layout._entry": ("ManifestEntry",),
    "manifest._manifest": ("Manifest",),
    "history._migration": ("Migration",),
    "manifest.sizes._sizes": ("Sizes",),
    "pretrained._config": ("ConfigRules",),
    "pretrained._pretrained": ("from_pretrained",),
    "pretrained._stored_tensors": ("StoredTensors",),
    "pretrained._registry": ("Preset", "RegisteredModel", "find_model", "find_preset", "register", "registered_models"),
    "declaration._stored": ("fused", "rename", "reshaped", "transposed"),
    "formats._header": ("ByteRange", "CheckpointHeader", "MemoryRange", "Part", "TensorHeader"),
    "formats._formats": ("Format", "register_format"),
    "formats._open": ("open_checkpoint",),
    "reading._read": ("read_tensor",),
    "mismatch._problems": ("Cause", "Problem"),
    "loading._plan": ("LoadPlan",),
    "loading._planning": ("plan",),
    "loading._load_report": ("LoadReport",),
    "inference._infer": ("Undetermined",),
    "inference._inference": ("Inference",),
    "saving._convert": ("convert",),
    "saving._save": ("SaveReport",),
    "saving._verify": ("VerifyReport", "verify"),
    "_errors": (
        "CheckpointError",
        "CheckpointFormatError",
        "CheckpointMismatchError",
        "ChecksumError",
        "ConfigError",
        "ConfigWarning",
        "DeclarationError",
        "DtypeWarning",
        "HyperparameterError",
        "InitializationError",
        "LazyCellError",
        "ManifestError",
        "RegistryError",
        "RequirementError",
        "UninitializedParameterError",
        "UninitializedWarning",
        "UnknownNameError",
    ),
}
_PLACE = {name: place for place, names in _PLACES.items() for name in names}
__all__ = sorted(_PLACE)
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name not in _PLACE:
        raise AttributeError(f"module 'lazycell' has no attribute {name!r}")
    with collector_paused():  # with MindSpore's objects about, one walk over them takes as long as all the imports
        value = getattr(import_module(f".{_PLACE[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
