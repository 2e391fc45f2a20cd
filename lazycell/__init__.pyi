"""The public names, as type checkers see them: at run time `__init__.py` imports each when it is first used."""

# A checker takes `Param["normal", (n,)]` for `Annotated["normal", (n,)]`: the name `normal`, which it finds among the
# importable initializers to mean a Parameter, with a remark that it ignores.
from typing import Annotated as Buffer
from typing import Annotated as Param

from ._errors import (
    CheckpointError,
    CheckpointFormatError,
    CheckpointMismatchError,
    ChecksumError,
    ConfigError,
    ConfigWarning,
    DeclarationError,
    DtypeWarning,
    HeadWarning,
    HubError,
    HubWarning,
    HyperparameterError,
    InitializationError,
    LazyCellError,
    ManifestError,
    RegistryError,
    RequirementError,
    UninitializedParameterError,
    UninitializedWarning,
    UnknownNameError,
)
from .cell._any_cell import load_checkpoint, load_param_into_net, save_checkpoint
from .cell._built_with import Hyperparameters, replace
from .cell._cell import LazyCell
from .cell._freeze import freeze, unfreeze
from .cell._initial_values import initial_values
from .cell._initializers import register_initializer
from .cell._launching import launch_blocking
from .cell._planning import plan
from .cell._save_adapter import save_adapter
from .cell._swap import swap
from .cell._switch import load_adapter, set_adapter
from .declaration._cells import cells
from .declaration._class_body import require
from .declaration._declaration import same
from .declaration._declare import buffer, child, children, hyper, param, tie, when
from .declaration._derived import derived
from .declaration._divide import divide, on, shared, whole
from .declaration._each import each
from .declaration._fields import Fields, fields
from .declaration._halves import direction, magnitude
from .declaration._key_values import key_value_cache
from .declaration._shape_of import shape_of
from .declaration._squeezed import expanded, squeezed
from .declaration._stored import fused, padded, rename, reshaped, transposed
from .declaration._symbols import INDEX, SELF, in_, len_, max_, min_
from .declaration._torch_rules import torch_names
from .declaration._unused import UNUSED, former
from .distributed._axis_cells import Enter, Gather, HandOn, Leave
from .distributed._gradients import reduce_gradients
from .distributed._parts import place_of, places_of, shard_of
from .drafting._draft import Draft, draft
from .formats._formats import Format, register_format
from .formats._header import ByteRange, CheckpointHeader, MemoryRange, Part, TensorHeader
from .formats._open import open_checkpoint
from .history._migration import Migration
from .inference._infer import Undetermined
from .inference._inference import Inference
from .initializers import (
    dirac,
    he_normal,
    he_uniform,
    identity,
    normal,
    ones,
    orthogonal,
    truncated_normal,
    uniform,
    variance_scaling,
    xavier_normal,
    xavier_uniform,
    zeros,
)
from .layout._entry import ManifestEntry
from .loading._load_report import LoadReport
from .loading._plan import LoadPlan
from .manifest._caches import KeyValueCache
from .manifest._manifest import Manifest
from .manifest.diff._diff import ManifestDiff
from .manifest.diff._differences import Change
from .manifest.sizes._sizes import Sizes
from .mesh._mesh import Mesh
from .mismatch._problems import Cause, Problem
from .parameters import lazy, no_init_parameters
from .parameters._life import Origin
from .parameters._lifecycle import init_parameters_data, uninitialized
from .parameters._status import ParameterStatus, Status, status
from .pretrained._config import ConfigRules
from .pretrained._pretrained import from_pretrained
from .pretrained._registry import Preset, RegisteredModel, find_model, find_preset, register, registered_models
from .pretrained._stored_tensors import StoredTensors
from .reading._read import read_tensor
from .saving._convert import convert
from .saving._save import SaveReport
from .saving._verify import VerifyReport, verify

__version__: str

# isort: split
# Last: the imports above make an attribute of the package of that name, too, which some checkers would see.
from .cell._any_cell import manifest

__all__ = [
    "INDEX",
    "SELF",
    "UNUSED",
    "Buffer",
    "ByteRange",
    "Cause",
    "Change",
    "CheckpointError",
    "CheckpointFormatError",
    "CheckpointHeader",
    "CheckpointMismatchError",
    "ChecksumError",
    "ConfigError",
    "ConfigRules",
    "ConfigWarning",
    "DeclarationError",
    "Draft",
    "DtypeWarning",
    "Enter",
    "Fields",
    "Format",
    "Gather",
    "HandOn",
    "HeadWarning",
    "HubError",
    "HubWarning",
    "HyperparameterError",
    "Hyperparameters",
    "Inference",
    "InitializationError",
    "KeyValueCache",
    "LazyCell",
    "LazyCellError",
    "Leave",
    "LoadPlan",
    "LoadReport",
    "Manifest",
    "ManifestDiff",
    "ManifestEntry",
    "ManifestError",
    "MemoryRange",
    "Mesh",
    "Migration",
    "Origin",
    "Param",
    "ParameterStatus",
    "Part",
    "Preset",
    "Problem",
    "RegisteredModel",
    "RegistryError",
    "RequirementError",
    "SaveReport",
    "Sizes",
    "Status",
    "StoredTensors",
    "TensorHeader",
    "Undetermined",
    "UninitializedParameterError",
    "UninitializedWarning",
    "UnknownNameError",
    "VerifyReport",
    "buffer",
    "cells",
    "child",
    "children",
    "convert",
    "derived",
    "dirac",
    "direction",
    "divide",
    "draft",
    "each",
    "expanded",
    "fields",
    "find_model",
    "find_preset",
    "former",
    "freeze",
    "from_pretrained",
    "fused",
    "he_normal",
    "he_uniform",
    "hyper",
    "identity",
    "in_",
    "init_parameters_data",
    "initial_values",
    "key_value_cache",
    "launch_blocking",
    "lazy",
    "len_",
    "load_adapter",
    "load_checkpoint",
    "load_param_into_net",
    "magnitude",
    "manifest",
    "max_",
    "min_",
    "no_init_parameters",
    "normal",
    "on",
    "ones",
    "open_checkpoint",
    "orthogonal",
    "padded",
    "param",
    "place_of",
    "places_of",
    "plan",
    "read_tensor",
    "reduce_gradients",
    "register",
    "register_format",
    "register_initializer",
    "registered_models",
    "rename",
    "replace",
    "require",
    "reshaped",
    "same",
    "save_adapter",
    "save_checkpoint",
    "set_adapter",
    "shape_of",
    "shard_of",
    "shared",
    "squeezed",
    "status",
    "swap",
    "tie",
    "torch_names",
    "transposed",
    "truncated_normal",
    "unfreeze",
    "uniform",
    "uninitialized",
    "variance_scaling",
    "verify",
    "when",
    "whole",
    "xavier_normal",
    "xavier_uniform",
    "zeros",
]
