"""`LazyCell`: the base class of declared models."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from os import PathLike
from typing import TYPE_CHECKING, Any

from mindspore import Parameter, nn

from .. import cell, inference, loading, pretrained
from ..declaration import do_nothing_more
from ..parameters import (
    expect_first_call,
    forget_compiled,
    init_parameters_data,
    initialize_for_execution,
    keep_base_class_when_rewriting,
    names_looked_up,
    parts_of,
    refuse_while_saving,
    structure_of,
    undeclare,
    warn_before_execution,
)
from ._build import is_in_row, refuse_plain_cells
from ._fixed import change, is_fixed, refuse_change
from ._full_names import complete_names, is_named, name_attached, prefix_of, renaming
from ._meta import LazyCellMeta
from ._ties import TIES, fill_ties, keep_tied, ties_below, under_stored_names

if TYPE_CHECKING:
    from typing_extensions import Self

    from .._nn_cell import Cell as _Cell
    from ..inference import Inference
    from ..loading import LoadReport
    from ..manifest import Manifest
    from ..mesh import Mesh
    from ..saving import SaveReport
    from ..sources.adapters import Adapters
    from ._built_with import Hyperparameters
else:
    _Cell = nn.Cell

# Who only builds a net does not wait for what loads, saves, lists and infers: the faces import it when it is called.

Policy = str | Iterable[str]


class _ManifestMethod:
    """`net.manifest()` of an instance, and `Net.manifest(hidden=64)` of a class, without building anything."""

    def __get__(self, net: LazyCell | None, cls: type) -> Callable[..., Manifest]:
        if net is not None:
            return lambda: cell.manifest_of_net(net)

        def manifest(*args: Any, **hyperparameters: Any) -> Manifest:
            return cell.manifest_of_call(cls, args, hyperparameters)

        return manifest


class LazyCell(_Cell, metaclass=LazyCellMeta):
    """A cell whose class body declares its parameters; a checkpoint or an initializer gives them values later.

    Subclass it, and write hyperparameters, parameters and children as class attributes. The constructor is generated.
    """

    if TYPE_CHECKING:
        # Each subclass has a generated one; `lazycell.typed` and the mypy plugin know its arguments.
        def __init__(self, *args: Any, **hyperparameters: Any) -> None: ...
        def __lazy_init__(self, *args: Any, **hyperparameters: Any) -> None: ...

        load_report: LoadReport | None
    else:

        def __init__(self, auto_prefix: bool = True, flags: dict[str, Any] | None = None) -> None:
            nn.Cell.__init__(self, auto_prefix, flags)

    # Its annotation would have to be found by whoever asks for a subclass's hints.
    load_report = None
    """What `from_pretrained` loaded, and how; of a net that was not made by it, None."""

    manifest = _ManifestMethod()
    """Every parameter as data: `net.manifest()`, or `Net.manifest(**hyperparameters)` with nothing built."""

    __post_init__ = do_nothing_more

    @property
    def hyperparameters(self) -> Hyperparameters:
        """What the net was built with, a mapping in order of declaration; `lazycell.replace` builds another."""
        return cell.hyperparameters_of_net(self)

    def extend_repr(self) -> str:
        """Give what `repr` says of this cell beside the cells in it; a class that has more to say overrides it.

        Returns:
            The text, without brackets; "" if there is nothing to say.
        """
        return cell.sizes_text(self)

    def _repr_html_(self) -> str:
        return cell.net_html(self)

    # ------------------------------------------------------------------------------------------------------ values

    def init_parameters_data(self, seed: int | None = None, *, auto_parallel_mode: bool = False) -> dict[Any, Any]:
        """Initialize every parameter that has no values yet.

        Args:
            seed: of the streams. Each parameter draws from its own stream, keyed by the seed and its full name, so that
                no value depends on the order or on what else was loaded; names count from this cell. Default: the first
                net since `mindspore.set_seed` has that seed, each later one another, which `lazycell.status` tells.
            auto_parallel_mode: accepted, as MindSpore passes it.

        Returns:
            Every parameter, mapped to itself (MindSpore's own may replace parameters).

        Raises:
            UninitializedParameterError: MindSpore calls it on the way to saving the net.
        """
        del auto_parallel_mode
        refuse_while_saving(self)
        return init_parameters_data(self, seed)

    def load_checkpoint(
        self,
        path: str | PathLike[str] | Mapping[str, Any],
        *,
        missing: Policy = "error",
        unexpected: Policy = "error",
        dtype: str = "cast",
        partial: bool | str = False,
        rename: Mapping[str, Any] | None = None,
        mmap: bool = True,
        progress: Callable[[int, int], None] | None = None,
        verify: bool = False,
        dec_key: bytes | None = None,
        dec_mode: str | None = None,
        timeout: float = 300.0,
        adapter: Adapters | None = None,
        quantization: Mapping[str, Any] | None = None,
    ) -> LoadReport:
        """Fill the parameters from a checkpoint, all or none: whatever fails or interrupts leaves the net as it was.

        Args:
            path: a `.safetensors` or `.ckpt` file, an `*.index.json`, a directory in Hugging Face layout, or a dict of
                arrays or tensors, which are copied.
            missing: `"error"`, `"init"`, or patterns of the names that the checkpoint may lack.
            unexpected: `"error"`, `"ignore"`, or patterns of the names that the model may lack.
            dtype: `"cast"` to the model's (8-bit codes with the scales that are stored beside them), `"strict"`: they
                have to be equal, `"checkpoint"`: the file's.
            partial: take a head's checkpoint for its base, and a base's or another head's for a model with a head,
                where the class says what its base is (`base_model_prefix`): a head that is not there, or has another
                shape, is left to its initializers. `"new"`: one that is there has to fit.
            rename: the checkpoint's names to the model's, exact or with `{captures}`; a value may be a section,
                `"qkv[q]"`, or names in `fused`, `transposed` and `reshaped`.
            mmap: map the file where its values can be used as they lie, instead of reading it.
            progress: called with the bytes done and the bytes in all; default: a bar on a terminal, after two seconds.
            verify: compare every tensor with the checksum that the checkpoint has of it, before any is used.
            dec_key: the key of an encrypted `.ckpt`, as `mindspore.save_checkpoint` takes it.
            dec_mode: how it is encrypted: `"AES-GCM"` (default), `"AES-CBC"` or `"SM4-CBC"`; only with a `dec_key`.
            timeout: of a net on a mesh, whose ranks all call this: seconds to wait for an answer of another.
            adapter: what is merged into the weights as they are read: the directory of an adapter of PEFT, such a
                directory and its weight, `(DIR, 0.7)`, or a list of both.
            quantization: how the weights are stored, as a `quantization_config` says it, where no `config.json` beside
                the file does.

        Returns:
            What was loaded, cast, renamed, initialized and ignored; it prints as a table.

        Warns:
            HeadWarning: `partial`, and a head is left to its initializers: it has to be trained.

        Raises:
            CheckpointFormatError: a file is not what its format promises, or has no checksums to verify.
            CheckpointMismatchError: it does not fit; every problem is in the one message.
            ChecksumError: `verify`, and tensors are damaged.
            CheckpointError: it cannot be decrypted.
            TypeError: an argument is of a kind that means nothing.
            ValueError: there is no such choice, or arguments contradict each other.
        """
        options = loading.LoadOptions(
            missing=missing,
            unexpected=unexpected,
            dtype=dtype,
            partial=partial,
            rename=rename,
            mmap=mmap,
            progress=progress,
            verify=verify,
            dec_key=dec_key,
            dec_mode=dec_mode,
            timeout=timeout,
            adapter=adapter,
            quantization=quantization,
        )
        return cell.load_checkpoint(self, path, options, lambda *given: cell.naming_of(*given))

    def load_adapter(
        self,
        path: str | PathLike[str],
        name: str = "default",
        weight: float = 1.0,
        *,
        discard: bool = False,
        progress: Callable[[int, int], None] | None = None,
        timeout: float = 300.0,
    ) -> LoadReport:
        """Merge an adapter into a net that is loaded, instead of those that are merged into it.

        What it changes is read again from the checkpoint, as a load with `adapter=` reads it, to the bit; the other
        parameters are not touched. All is well, or nothing is changed.

        Args:
            path: the directory of the adapter.
            name: by which `set_adapter` knows it. One of that name takes its place.
            weight: what its changes are multiplied by.
            discard: whether parameters that were changed since the load, by a training say, may be read again, which
                loses that; they are not compared then, which saves the time of it.
            progress: as for `load_checkpoint`, and so is `timeout`.
            timeout: likewise.

        Returns:
            What was read again.

        Raises:
            CheckpointError: it is not known what the net was loaded from (a dict, an encrypted file, nothing), that
                file has changed, or parameters have; or the adapter is none of this model.
            ConfigError: its `adapter_config.json` asks for what is not done here.
            FileNotFoundError: there is no adapter, or the checkpoint has gone.
            TypeError: an argument is of a kind that means nothing.
        """
        return cell.load_adapter(self, path, name, weight, discard=discard, progress=progress, timeout=timeout)

    def set_adapter(
        self,
        name: str | Mapping[str, float] | None,
        *,
        discard: bool = False,
        progress: Callable[[int, int], None] | None = None,
        timeout: float = 300.0,
    ) -> LoadReport:
        """Choose which adapters are merged into the net, among those that `load_adapter` and `adapter=` have named.

        Args:
            name: of one, with the weight that it was given; several with weights, `{"a": 0.7, "b": 0.3}`; or None for
                none. One that was given as `adapter=` is called `default`, several by their directories' names.
            discard: as for `load_adapter`, and so are `progress` and `timeout`.
            progress: likewise.
            timeout: likewise.

        Returns:
            What was read again.

        Raises:
            CheckpointError: as for `load_adapter`.
            TypeError: `name` is of a kind that means nothing.
            ValueError: there is no such adapter.
        """
        return cell.set_adapter(self, name, discard=discard, progress=progress, timeout=timeout)

    def save_checkpoint(
        self,
        path: str | PathLike[str],
        *,
        format: str = "safetensors",
        max_shard_size: int | str | None = None,
        dtype: Any = None,
        only: Iterable[str] | None = None,
        enc_key: bytes | None = None,
        enc_mode: str | None = None,
        progress: Callable[[int, int], None] | None = None,
        layout: str = "whole",
        timeout: float = 300.0,
    ) -> SaveReport:
        """Write every parameter, in the layout of the checkpoint that was loaded, else as declared.

        What is at `path` stays until the new checkpoint is whole and on the disk. Every tensor gets a checksum, which
        `load_checkpoint(verify=True)` and `lazycell verify` compare.

        Args:
            path: a name that ends in `.safetensors`, or in `.ckpt` with `format="ckpt"`; or a directory, for
                `model.safetensors` in it.
            format: `"safetensors"` or `"ckpt"`, MindSpore's.
            max_shard_size: bytes of one file, or `"5GB"`; what is larger is saved as several files and an index.
            dtype: of the floating-point tensors in the file; default: as they are.
            only: patterns of full names (`fnmatch`): nothing else is saved, `["head.*"]`. Default: all.
            enc_key: encrypt a `.ckpt`, as `mindspore.save_checkpoint` does; an encrypted one has no checksum.
            enc_mode: how: `"AES-GCM"` (default), `"AES-CBC"` or `"SM4-CBC"`; only with an `enc_key`.
            progress: called with the bytes done and the bytes in all; default: a bar on a terminal, after two seconds.
            layout: of a net on a mesh, whose ranks all call this: `"whole"`: the ordinary files that one rank would
                write, on a file system that all see alike. `"ranks"`: a file of each rank's own, and an index.
            timeout: on a mesh: seconds to wait for a sign of another rank.

        Returns:
            What was written.

        Raises:
            UninitializedParameterError: parameters have no values.
            CheckpointError: the format cannot hold one of the dtypes, or there is something at `path` that is no file.
            TypeError: an argument is of a kind that means nothing.
            ValueError: arguments contradict each other; `only` matches nothing, or half of a stored tensor.
            OSError: the directory is missing, the disk full, a permission lacking; the old checkpoint is as it was.
        """
        return cell.save_checkpoint(
            self,
            path,
            format=format,
            max_shard_size=max_shard_size,
            dtype=dtype,
            only=only,
            enc_key=enc_key,
            enc_mode=enc_mode,
            progress=progress,
            layout=layout,
            timeout=timeout,
            torch_names_of=lambda *given: cell.torch_names_of(*given),
        )

    def save_pretrained(
        self,
        path: str | PathLike[str],
        /,
        *,
        max_shard_size: int | str | None = "5GB",
        dtype: Any = None,
        progress: Callable[[int, int], None] | None = None,
        timeout: float = 300.0,
    ) -> SaveReport:
        """Write a directory that `from_pretrained` loads, and transformers: `model.safetensors` and `config.json`.

        The weights have the names and the forms that the classes declare, whatever file was loaded, and PyTorch's in
        cells of MindSpore's. The config says the class and the hyperparameters. What the loaded config said besides
        stays in it, and what it said is written as it was where it is still true.

        Both files are replaced together: no new config is ever beside old weights, nor an old one beside new weights.

        Args:
            path: of the directory, which is made if it is not there; other files in it stay.
            max_shard_size: bytes of one file, or `"5GB"`; what is larger is saved as several files and an index. None:
                one file, whatever its size.
            dtype: of the floating-point tensors in the file; default: as they are.
            progress: called with the bytes done and the bytes in all; default: a bar on a terminal, after two seconds.
            timeout: of a net on a mesh, whose ranks all call this: seconds to wait for a sign of another rank.

        Returns:
            What was written.

        Raises:
            UninitializedParameterError: parameters have no values.
            ConfigError: a hyperparameter is one that no key of the config says, or parts of the net were replaced:
                nothing is written.
            CheckpointError: there is something at `path` that is no directory, its weights are links, or the format
                cannot hold one of the dtypes.
            ValueError: an argument means nothing.
            OSError: the disk is full, or a permission lacking; what was there is as it was.
        """
        return cell.save_pretrained(
            self, path, max_shard_size=max_shard_size, dtype=dtype, progress=progress, timeout=timeout
        )

    @classmethod
    def from_pretrained(
        cls,
        path: str | PathLike[str],
        /,
        *,
        ignore_config: Iterable[str] = (),
        partial: bool | str = True,
        dtype: Any = None,
        revision: str | None = None,
        missing: Policy = "error",
        unexpected: Policy = "error",
        rename: Mapping[str, Any] | None = None,
        mmap: bool = True,
        progress: Callable[[int, int], None] | None = None,
        verify: bool = False,
        dec_key: bytes | None = None,
        dec_mode: str | None = None,
        mesh: Mesh | None = None,
        whole: Iterable[str] = (),
        timeout: float = 300.0,
        adapter: Adapters | None = None,
        quantization: Mapping[str, Any] | None = None,
        **hyperparameters: Any,
    ) -> Self:
        """Build the model that a directory, file or repository holds, and load it.

        Args:
            path: a directory with `config.json` and weights, or a checkpoint file, of which one of GGUF has the config
                in it; or, where there is none of that name, the id of a repository of Hugging Face's hub, `"ORG/NAME"`,
                as text. What is not in the hub's cache yet is downloaded if `huggingface_hub` is installed,
                `pip install "lazycell[hub]"`, and `HF_HUB_OFFLINE` does not forbid it.
            ignore_config: keys of the config that are passed over, where you know that the model computes the same
                without them; `net.load_report` lists them.
            partial: as for `load_checkpoint`: a head that the file does not have is left to its initializers.
            dtype: of the whole model; default: what the config says, if this device computes with that, else float32,
                which a warning tells. `"checkpoint"`: what the file has, parameter by parameter.
            revision: of a repository: a branch, a tag or a commit; default: its branch `main`.
            missing: as for `load_checkpoint`, and so are `unexpected` and `rename`.
            unexpected: likewise.
            rename: likewise, and `mmap`, `progress`, `verify`, `dec_key`, `dec_mode`.
            mmap: likewise.
            progress: likewise.
            verify: likewise.
            dec_key: likewise.
            dec_mode: likewise.
            mesh: how the ranks are arranged of which this is one: it builds and reads its part of the model. All of
                them load, or none. Default: that of `with Mesh(…):` around the call, or one rank.
            whole: hyperparameters that ranks do not divide, though the class says so.
            timeout: on a mesh: seconds to wait for an answer of another rank.
            adapter: as for `load_checkpoint`, and so is `quantization`.
            quantization: likewise.
            hyperparameters: take precedence over the config.

        Returns:
            The model; its `load_report` says what was loaded, and how.

        Warns:
            DtypeWarning: this device computes nothing in the config's dtype; the model is built in float32.
            ConfigWarning: the config and the file contradict each other, and the file is followed.
            HeadWarning: the file has another head, or none: this one has to be trained.
            HubWarning: the hub does not answer, and what its cache has of the repository is loaded.

        Raises:
            FileNotFoundError: there is nothing at `path`.
            HubError: nor is there such a repository or revision in the cache, or to be downloaded; or no weights are in
                it. It is a `FileNotFoundError`.
            ConfigError: the config asks for what the class does not implement, or does not say enough.
            CheckpointError: the weights cannot be read, or do not fit.
            TypeError: an argument is of a kind that means nothing.
            ValueError: there is no such choice, or arguments contradict each other.
        """
        options = loading.LoadOptions(
            missing=missing,
            unexpected=unexpected,
            partial=partial,
            rename=rename,
            mmap=mmap,
            progress=progress,
            verify=verify,
            dec_key=dec_key,
            dec_mode=dec_mode,
            timeout=timeout,
            adapter=adapter,
            quantization=quantization,
        )
        place, options = pretrained.with_base(pretrained.find_place(path, revision), options)
        config = pretrained.find_config(place)
        return pretrained.load_pretrained(
            cls,
            place,
            config,
            options,
            dtype=dtype,
            hyperparameters=hyperparameters,
            ignore_config=ignore_config,
            mesh=mesh,
            whole=whole,
        )

    @classmethod
    def infer(cls, path: str | PathLike[str], *, rename: Mapping[str, Any] | None = None, **known: Any) -> Inference:
        """Solve the declared shapes for the hyperparameters, and say which ones shapes cannot tell. No data is read.

        The result is a mapping: `Model(**Model.infer(path))`. It prints as a table.

        Args:
            path: as for `load_checkpoint`, and so is `rename`.
            rename: likewise.
            known: hyperparameters that are known already: `Model.infer(path, n_heads=12)`.

        Returns:
            The values that shapes tell, and what they cannot.

        Raises:
            CheckpointFormatError: a file is not what its format promises.
            CheckpointMismatchError: the file cannot be this model: two tensors contradict each other, or no name is
                one of the model's.
            TypeError: what is known is no hyperparameter.
        """
        return inference.infer(
            cls, path, rename=rename, known=known, describe=lambda values: cell.manifest_of_call(cls, (), values)
        )

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True) -> Any:
        """As `nn.Cell.load_state_dict`; a tied parameter may go by either of its names, or by both if they agree.

        Args:
            state_dict: tensors or parameters, by name.
            strict: whether every name has to be there, and no other.

        Returns:
            Names that were missing, and that were not expected, as MindSpore gives them.

        Raises:
            RuntimeError: `strict`, and names are missing or not expected; or a shape is another.
            CheckpointMismatchError: both names of a tied parameter are there, and they differ.
        """
        return super().load_state_dict(fill_ties(state_dict, ties_below(self)), strict)

    def _load_from_state_dict(
        self,
        state_dict: Any,
        prefix: str,
        local_metadata: Any,
        strict: bool,
        missing: Any,
        unexpected: Any,
        errors: Any,
    ) -> None:
        # MindSpore takes `scales.0`, one of a row of parameters, for something in a cell `scales`.
        super()._load_from_state_dict(state_dict, prefix, local_metadata, strict, missing, unexpected, errors)
        unexpected[:] = [key for key in unexpected if not is_in_row(self, key.removeprefix(prefix))]

    def parameters_and_names(self, name_prefix: str = "", expand: bool = True) -> Iterator[tuple[str, Any]]:
        """As `nn.Cell.parameters_and_names`; for MindSpore's loader, a tied parameter goes by the name that it has.

        Args:
            name_prefix: what names begin with.
            expand: whether those of the cells below are given too.

        Yields:
            Names and parameters, in the order of declaration.
        """
        named: Iterable[tuple[str, Any]] = super().parameters_and_names(name_prefix, expand)
        if not name_prefix and is_named(self):
            named = complete_names(self, named)
        stored = names_looked_up(sys._getframe(1))
        return iter(named) if stored is None else under_stored_names(named, ties_below(self), stored)

    def cells_and_names(self, cells: Any = None, name_prefix: str = "") -> Iterator[tuple[str, Any]]:
        """As `nn.Cell.cells_and_names`.

        Args:
            cells: those that were given already, for MindSpore's own calls.
            name_prefix: what names begin with.

        Yields:
            Paths and cells, this one first, under "".
        """
        if TIES in self.__dict__:
            keep_tied(self)
        walk: Iterator[tuple[str, Any]] = super().cells_and_names(cells, name_prefix)
        return walk

    def update_parameters_name(self, prefix: str = "", recurse: bool = True) -> None:
        """As `nn.Cell.update_parameters_name`: MindSpore calls it when the cell becomes a part of another.

        Args:
            prefix: what the full names begin with from now on.
            recurse: whether those of the cells below are meant too.
        """
        if not recurse:
            super().update_parameters_name(prefix, recurse)
            return
        with renaming(self, prefix):
            super().update_parameters_name(prefix)

    def to_empty(self, *, device: Any = None, recurse: bool = True) -> Self:
        """Give up the values: every parameter is declared again, and its memory free.

        What `mindspore.jit` compiled before keeps the old values, as after MindSpore's own: compile it again.

        Args:
            device: accepted, as MindSpore passes it; memory is taken where the values are made.
            recurse: whether the cells below are meant as well.

        Returns:
            This cell.
        """
        del device
        undeclare(self, recurse)
        return self

    # ---------------------------------------------------------------------------------------------- where nets run

    def _init_check(self) -> None:
        # MindSpore calls this at the first call of a cell, for the cell's own parameters only; a parent that reads
        # its child's weight needs the whole subtree.
        initialize_for_execution(self)
        warn_before_execution(self)
        super()._init_check()

    def compile(self, *args: Any, **kwargs: Any) -> None:
        """As `nn.Cell.compile`, after initializing what has no values; again, where parts have been replaced.

        Args:
            args: what the cell would be called with.
            kwargs: likewise, by keyword.
        """
        initialize_for_execution(self)
        structure = structure_of(self)
        if self.__dict__.setdefault("_lazycell_compiled", structure) != structure:
            forget_compiled(self)
            self.__dict__["_lazycell_compiled"] = structure
        warn_before_execution(self)
        super().compile(*args, **kwargs)

    def get_scope(self) -> Any:
        """As `nn.Cell.get_scope`; the graph compiler asks it, and what has no values gets some.

        Returns:
            What MindSpore's gives: the name of the cell's place in a graph, or None.
        """
        # The graph compiler asks every cell that it meets inside `mindspore.jit`, where nothing else initializes.
        initialize_for_execution(self)
        return super().get_scope()

    def __dir__(self) -> list[str]:
        """As `object.__dir__`, and its parameters, buffers and children: editors and prompts complete from this."""
        return sorted({*super().__dir__(), *parts_of(self)})

    # ---------------------------------------------------------------------------------------------------- mistakes

    def __setattr__(self, name: str, value: Any) -> None:
        if is_fixed(self, name):
            change(self, name, value)
        refuse_plain_cells(self, name, value)
        if is_named(self) and isinstance(value, (nn.Cell, Parameter)):  # a part is replaced, or added
            prefix = prefix_of(self)
            super().__setattr__(name, value)
            name_attached(self, prefix, name, value)
            if TIES in self.__dict__:
                keep_tied(self)
            expect_first_call(self)  # it may read the values of what has none yet
        else:
            super().__setattr__(name, value)

    def __delattr__(self, name: str) -> None:
        if is_fixed(self, name):
            refuse_change(self, name, "…")
        super().__delattr__(name)


keep_base_class_when_rewriting(LazyCell)
