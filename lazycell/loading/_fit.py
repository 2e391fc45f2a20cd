"""Decide what a load will do, from a manifest and a checkpoint's headers alone; nothing is read or filled."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import attrs

from .. import _dtypes
from .._errors import CheckpointMismatchError
from ..declaration._forms import form_text
from ..formats._header import CheckpointHeader, TensorHeader
from ..layout._entry import ManifestEntry
from ..layout._layout import Block, Stored
from ..layout._rename import RenameRule, Renaming, apply_rules, parse_rules
from ..manifest._manifest import Manifest
from ..mismatch._near import NearNames
from ..mismatch._problems import Problem, describe, render
from ..reading._castable import castable, same_kind
from ..show._collapse import Splits
from ..system._collector import collector_paused
from ._file_layout import FileLayout
from ._permitted import permitted
from ._plan import AppliedMigration, LoadPlan, LoadStep
from ._sources import Source, bind_form, sources_of, step_of, whole

if TYPE_CHECKING:
    from ..mismatch._cause_switches import Again


@collector_paused()
def make_plan(
    manifest: Manifest,
    header: CheckpointHeader,
    *,
    missing: str | Iterable[str] = "error",
    unexpected: str | Iterable[str] = "error",
    dtype: str = "cast",
    rename: Mapping[str, Any] | None = None,
    again: Again | None = None,
) -> LoadPlan:
    """Fit a checkpoint to a model. Linear in the number of names; no data is read.

    Each parameter is taken from what it is declared to be stored as, or from its own name; a checkpoint that has both
    does not fit. A tensor that has the name of before a migration of the model's counts as under its present name.

    Args:
        manifest: what the model declares.
        header: what the checkpoint holds.
        missing: what to do with parameters that the checkpoint lacks: `"error"`, `"init"`, or a list of name
            patterns (`fnmatch`) of those that may be missing.
        unexpected: what to do with tensors that the model does not declare: `"error"`, `"ignore"`, or name
            patterns of those that may be ignored.
        dtype: `"cast"` converts a float to the declared float and an integer to a wider one, `"strict"` takes
            only the declared dtype, `"checkpoint"` gives the parameter the file's (a float for a float, an
            integer for an integer).
        rename: from the checkpoint's names to the model's; a name may have captures, `{i}` for one dotted
            segment, `{*rest}` for several. A value may be a section of a parameter, `qkv[q]`, or names in `fused`,
            `transposed` and `reshaped`.
        again: gives the model's manifest with other hyperparameters, where the class is known: for the message.

    Raises:
        CheckpointMismatchError: the checkpoint does not fit; the message has every problem, grouped, with the
            likely causes, and `problems` has them as data.
        ValueError: an argument has a value that means nothing.
    """
    may_miss = permitted("missing", missing, ("error", "init"))
    may_ignore = permitted("unexpected", unexpected, ("error", "ignore"))
    if dtype not in ("cast", "strict", "checkpoint"):
        raise ValueError(f'dtype={dtype!r}: choose "cast", "strict" or "checkpoint"')
    rules = parse_rules(rename, forms=True)
    renaming = apply_rules(rules, header.tensors)
    may_have_codes = header.may_have_codes
    if may_have_codes and dtype == "cast":
        header, renaming = _with_scales(manifest, header, renaming)
    present: Mapping[str, str] = {}
    applied: tuple[AppliedMigration, ...] = ()
    if manifest.migrations:
        from ._apply_migrations import migrate  # few models have any

        migrated = migrate(manifest, header, renaming, rules)
        present, applied = migrated.names, migrated.applied
        renaming = attrs.evolve(renaming, names={**renaming.names, **present})
    fit = _Fit(manifest, header, renaming, dtype)
    layout = FileLayout(manifest, rules, renaming, present)
    initialize: list[str] = []
    for entry in manifest.entries:
        step = fit.simple_step(entry) or fit.step(entry)
        if step is not None:
            fit.steps.append(step)
        elif entry.name not in fit.wrong:
            if any(map(may_miss, fit.names_of(entry))) or any(map(may_miss, fit.former_names_of(entry))):
                initialize.append(entry.name)
            else:
                fit.problems += fit.missing(entry)

    ignored: list[str] = []
    computed: list[str] = []
    for name, tensor in fit.tensors.items():
        if name in fit.used:
            continue
        if name in manifest.computed:
            computed.append(tensor.name)
        elif may_ignore(name) or may_ignore(tensor.name):
            ignored.append(tensor.name)
        else:
            fit.problems.append(Problem("unexpected", name, f"{_stored(tensor)}{_under(name, tensor)}", None, tensor))
    if may_have_codes:
        fit.find_quantized(header, renaming, rules)
    if fit.problems:
        raise _mismatch(manifest, header, fit.tensors, fit.problems, initialize, ignored, again)
    return LoadPlan(
        path=header.path,
        model=manifest.model,
        steps=tuple(fit.steps),
        initialize=tuple(initialize),
        ignored=tuple(ignored),
        computed=tuple(computed),
        layout=layout.of(fit.found, fit.steps, fit.by_own_name),
        migrated=applied,
    )


def _with_scales(manifest: Manifest, header: CheckpointHeader, renaming: Renaming) -> tuple[CheckpointHeader, Renaming]:
    """Take codes for the floats that they are with their scales, but for those whose scales are the model's own."""
    from ..sources._scaled import with_scales  # few checkpoints come as far as this

    known = {*(entry.name for entry in manifest.entries), *manifest.ties, *(stored.name for stored in manifest.stored)}
    scaled = with_scales(header, lambda name: renaming.names.get(name) in known or name in renaming.forms)
    names = {key: name for key, name in renaming.names.items() if key in scaled.tensors}
    return scaled, attrs.evolve(renaming, names=names)


class _Fit:
    """What is known of a load while the parameters are gone through.

    Attributes:
        tensors: the checkpoint's, by their names after `rename`, but for those that `rename` gives a form.
        used: names of `tensors` that are something of the model's.
        found: the stored tensors that are there and of which parameters are made.
        by_own_name: parameters that are there under their own names, though declared to be stored otherwise.
        wrong: parameters about which there is a problem already.
    """

    def __init__(self, manifest: Manifest, header: CheckpointHeader, renaming: Renaming, dtype: str) -> None:
        self.manifest = manifest
        self.dtype = dtype
        self.steps: list[LoadStep] = []
        self.problems = _rename_problems(renaming, header)
        self.tensors: dict[str, TensorHeader] = {}
        for key, name in renaming.names.items():
            self.tensors.setdefault(name, header.tensors[key])
        self.used: set[str] = set()
        self.found: list[tuple[Stored, TensorHeader]] = []
        self.by_own_name: set[str] = set()
        self.wrong: set[str] = set()
        self._told: set[str] = set()
        self._former: dict[str, tuple[str, ...]] | None = None
        # Names that a parameter goes by besides its own: those of its ties, and those it is stored under.
        self._aliases: dict[str, list[str]] = {}
        for alias, owner in manifest.ties.items():
            self._aliases.setdefault(owner, []).append(alias)
        self._declared: dict[str, list[Stored]] = {}
        self._names = {stored.name for stored in manifest.stored}
        self._plain: dict[str, str] = {}
        for stored in manifest.stored:
            for parameter in stored.parameters:
                self._declared.setdefault(parameter, []).append(stored)
            if _is_plain(stored):
                self._plain[stored.form.parameter] = stored.name  # type: ignore[union-attr]
        self._sources: dict[str, list[Source]] = {}
        self._find(header, renaming)
        otherwise = (name for name in self._declared if name not in self._plain)
        self._special = {*self._aliases, *otherwise, *self._sources, *self.wrong}

    def find_quantized(self, header: CheckpointHeader, renaming: Renaming, rules: tuple[RenameRule, ...]) -> None:
        """Find codes that the model would take for weights, or do without, where it does not take their scales too."""
        # Few checkpoints come as far as this.
        from ..sources._quantized import quantized_tensors
        from ..sources._scaled import block_size
        from ._codes import codes_alone, quantized_problem

        found = tuple(quantized_tensors(header.tensors))
        if not found:
            return
        used = {self.tensors[name].name for name in self.used}.union(renaming.forms)
        filled = {step.parameter for step in self.steps}
        wanted = {
            name
            for entry in self.manifest.entries
            if entry.name not in filled
            for name in (*self.names_of(entry), *self.former_names_of(entry))
        }
        strange: set[str] = set()
        if any(each.kind == "missing" for each in self.problems):  # perhaps under another name
            strange = {each.tensor.name for each in self.problems if each.kind == "unexpected" and each.tensor}
        alone = {each.codes: each for each in codes_alone(found, used, wanted, strange, rules)}
        told = block_size(header)
        # Shapes and dtypes are those of the codes: nothing follows from them.
        self.problems = [
            *(
                quantized_problem(each, header, renaming.names.get(each.codes, each.codes), told)
                for each in alone.values()
            ),
            *(
                each
                for each in self.problems
                if each.kind not in ("shape", "dtype") or each.tensor is None or each.tensor.name not in alone
            ),
        ]

    def _find(self, header: CheckpointHeader, renaming: Renaming) -> None:
        """Look for what is not simply a parameter under another name."""
        for stored in self.manifest.stored:
            if stored.name in self.tensors and not _is_plain(stored):
                self.used.add(stored.name)
                self._take(stored, self.tensors[stored.name])
        for stored in self.manifest.copies:
            if stored.name in self.tensors:
                owner = stored.parameters[0]
                self.used.add(stored.name)
                if _is_plain(stored):
                    self._aliases.setdefault(owner, []).append(stored.name)
                elif owner in self._sources or self._own(self.manifest[owner]):
                    text = f"`{stored.name}` is the same parameter in another layout, so that they cannot be compared"
                    self._fail(Problem("tie", owner, text, self.manifest[owner], self.tensors[stored.name]), owner)
                else:
                    self._take(stored, self.tensors[stored.name])
        for key, (form, rule) in renaming.forms.items():
            tensor = header.tensors[key]
            try:
                stored = Stored(key, bind_form(self.manifest, form), f"`{rule.text}` of `rename`")
            except ValueError as error:
                self.problems.append(Problem("rename", key, str(error), None, tensor))
            else:
                self._take(stored, tensor)

    def _take(self, stored: Stored, tensor: TensorHeader) -> None:
        if tensor.shape != stored.shape:
            text = f"the checkpoint has {tensor.shape}, the model {stored.shape}"
            text = _join(text, _made(stored), describe(self.manifest[stored.parameters[0]]))
            self._fail(Problem("shape", stored.name, text, None, tensor), *stored.parameters)
            return
        self.found.append((stored, tensor))
        for source in sources_of(stored, tensor):
            self._sources.setdefault(source.block.parameter, []).append(source)

    def _fail(self, problem: Problem, *parameters: str) -> None:
        self.problems.append(problem)
        self.wrong.update(parameters)

    # --------------------------------------------------------------------------------------------- one parameter

    def names_of(self, entry: ManifestEntry) -> list[str]:
        """Give every name under which the checkpoint may have a parameter, or what it is a part of."""
        declared = [stored.name for stored in self._declared.get(entry.name, ())]
        return [entry.name, *declared, *self._aliases.get(entry.name, ())]

    def former_names_of(self, entry: ManifestEntry) -> Iterator[str]:
        """Give the names that these were before the migrations of the model's classes."""
        if self.manifest.migrations:
            if self._former is None:
                from ._apply_migrations import former_names

                self._former = former_names(self.manifest)
            for name in self.names_of(entry):
                yield from self._former.get(name, ())

    def _own(self, entry: ManifestEntry) -> list[str]:
        """Give the names under which the file has the parameter as it is: its own, and the one it is stored under."""
        name, plain = entry.name, self._plain.get(entry.name)
        # What is declared to be another's stored name is taken for that.
        own = [name] if name in self.tensors and (name not in self._names or plain == name) else []
        return [plain, *own] if plain is not None and plain in self.tensors else own

    def simple_step(self, entry: ManifestEntry) -> LoadStep | None:
        """Plan what nearly every parameter needs: it is there as it has to be, and nothing else is said of it."""
        name = entry.name
        stored = self._plain.get(name, name)
        tensor = self.tensors.get(stored)
        if tensor is None or tensor.shape != entry.shape or tensor.dtype != entry.dtype or name in self._special:
            return None
        if stored != name and name in self.tensors:  # perhaps it is there twice
            return None
        self.used.add(stored)
        return LoadStep(name, tensor.name, tensor, tensor.dtype)

    def step(self, entry: ManifestEntry) -> LoadStep | None:
        """Plan to fill one parameter; None: it is not there, or not as it has to be."""
        name = entry.name
        own = self._own(entry)
        others = [each for each in self._aliases.get(name, ()) if each in self.tensors and each not in self._names]
        self.used.update(own, others)
        sources = self._sources.get(name)
        if sources is None:
            if name in self.wrong or not (own or others):
                return None
            if len(own) == 2:
                self._twice(entry, own[1], [own[0]])
                return None
            if own == [name] and name in self._declared:
                self.by_own_name.add(name)
            return self._step_as_it_is(entry, [self.tensors[each] for each in (*own, *others)])
        keys = dict.fromkeys(source.stored.name for source in sources)
        if own or others:
            self._twice(entry, (*own, *others)[0], keys)
        elif name not in self.wrong:
            complete = whole(entry, sources)
            if complete:
                return self._step_of_parts(entry, sources)
            if complete is None:
                self.problems += self._lacking(entry, sources)
            else:
                self._twice(entry, [*keys][-1], [*keys][:-1] or keys)
            self.wrong.add(name)
        return None

    def _step_as_it_is(self, entry: ManifestEntry, tensors: Sequence[TensorHeader]) -> LoadStep:
        self.problems += _tensor_problems(entry, tensors, self.dtype)
        first = tensors[0]
        target = first.dtype if self.dtype == "checkpoint" else entry.dtype
        return LoadStep(entry.name, first.name, first, target, tuple(tensors[1:]))

    def _step_of_parts(self, entry: ManifestEntry, sources: Sequence[Source]) -> LoadStep | None:
        by_dtype = {source.tensor.dtype: source.tensor for source in sources}
        for dtype, tensor in by_dtype.items():
            cause = _dtype_cause(dtype, entry.dtype, self.dtype)
            if cause is not None:
                self._fail(_dtype_problem(entry, tensor, cause), entry.name)
        if self.dtype == "checkpoint" and len(by_dtype) > 1:
            text = f'its parts have several dtypes, {", ".join(by_dtype)}: dtype="cast" takes the declared one'
            self._fail(Problem("dtype", entry.name, text, entry, sources[0].tensor), entry.name)
        if entry.name in self.wrong:
            return None
        return step_of(entry, sources, sources[0].tensor.dtype if self.dtype == "checkpoint" else entry.dtype)

    # -------------------------------------------------------------------------------------------------- problems

    def _twice(self, entry: ManifestEntry, name: str, others: Iterable[str]) -> None:
        tensor = self.tensors.get(name)
        text = f"the parameter is there as {_quoted([name])} and as {_quoted(others)}: which is right cannot be told"
        self._fail(Problem("twice", entry.name, text, entry, tensor), entry.name)

    def missing(self, entry: ManifestEntry) -> Iterator[Problem]:
        """Say what is not there: what the parameter is stored as, where that is declared."""
        declared = [
            stored
            for stored in self._declared.get(entry.name, ())
            if not any(each in self.by_own_name for each in stored.parameters)
        ]
        yield from map(self._missing_tensor, self._untold(declared))
        if not declared:
            aliases = self._aliases.get(entry.name)
            tied = f"also looked for as {_quoted(aliases)}" if aliases else ""
            text = _join(f"{entry.dtype} {entry.shape}", describe(entry), tied)
            yield Problem("missing", entry.name, text, entry)

    def _lacking(self, entry: ManifestEntry, sources: Sequence[Source]) -> Iterator[Problem]:
        """Say which parts of a parameter are not there, where others are."""
        there = {source.stored.name for source in sources}
        lacking = [stored for stored in self._declared.get(entry.name, ()) if stored.name not in there]
        if lacking:
            for stored in self._untold(lacking):
                text = f"{_made(stored)}, and there are other parts of the parameter"
                text = _join(f"{stored.dtype} {stored.shape}", text, "it has to be there whole, or not at all")
                yield Problem("missing", stored.name, text)
        else:
            text = f"only a part of it is there, as {_quoted(there)}"
            yield Problem("missing", entry.name, _join(text, describe(entry)), entry)

    def _untold(self, declared: Iterable[Stored]) -> Iterator[Stored]:
        for stored in declared:
            if stored.name not in self._told:
                self._told.add(stored.name)
                yield stored

    def _missing_tensor(self, stored: Stored) -> Problem:
        entry = self.manifest[stored.form.parameter] if isinstance(stored.form, Block) else None
        what = describe(entry) if entry is not None and stored.form == entry.block else ""
        text = f"{_made(stored)}, and not there under the model's own names either"
        return Problem("missing", stored.name, _join(f"{stored.dtype} {stored.shape}", what, text), None)


def _made(stored: Stored) -> str:
    """Say why a tensor of this name is looked for; a manifest in a file has no rules."""
    return f"stored by the rule {stored.rule}" if stored.rule else f"made of `{form_text(stored.form)}`"


def _is_plain(stored: Stored) -> bool:
    """Whether a stored tensor is a parameter as it is, under another name."""
    return isinstance(stored.form, Block) and stored.form.place is None


def _tensor_problems(entry: ManifestEntry, tensors: Sequence[TensorHeader], dtype: str) -> Iterator[Problem]:
    """Compare one parameter with the tensor that fills it, and with the copies under its tied names."""
    first = tensors[0]
    for tensor in tensors:
        if tensor.shape != entry.shape:
            yield Problem(
                "shape", entry.name, _shape_message(entry.shape, tensor.shape, describe(entry)), entry, tensor
            )
    cause = _dtype_cause(first.dtype, entry.dtype, dtype)
    if cause is not None:
        yield _dtype_problem(entry, first, cause)
    for tensor in tensors[1:]:
        if tensor.dtype != first.dtype:
            message = f"{first.dtype} as `{first.name}`, {tensor.dtype} as `{tensor.name}`"
            yield Problem("tie", entry.name, message, entry, tensor)


def _dtype_problem(entry: ManifestEntry, tensor: TensorHeader, cause: str) -> Problem:
    stored = tensor.origin or tensor.dtype
    message = _join(f"the checkpoint has {stored}, the model {entry.dtype}", describe(entry), cause)
    return Problem("dtype", entry.name, message, entry, tensor)


@functools.lru_cache(maxsize=1024)
def _shape_message(ours: tuple[int, ...], theirs: tuple[int, ...], declared: str) -> str:
    hint = ""
    from ..mismatch._causes import is_transposed

    if is_transposed(ours, theirs):
        hint = "transposed: the checkpoint stores (in, out) where the model has (out, in), or the reverse"
    return _join(f"the checkpoint has {theirs}, the model {ours}", declared, hint)


def _dtype_cause(stored: str, declared: str, policy: str) -> str | None:
    """Say why `stored` cannot fill `declared` under a policy; None when it can."""
    if stored == declared:
        return None
    if not _dtypes.is_known(stored):
        return f"no MindSpore tensor can hold {stored}"
    if policy == "strict":
        return 'dtype="strict" takes no other; dtype="cast" converts'
    if policy == "checkpoint":
        return None if same_kind(stored, declared) else "a parameter of one kind cannot hold the other"
    if castable(stored, declared):
        return None
    if same_kind(stored, declared):
        return 'integers are cast to wider ones only; dtype="checkpoint" takes them as they are'
    return "only floats are cast to floats, and integers to wider integers"


def _rename_problems(renaming: Renaming, header: CheckpointHeader) -> list[Problem]:
    problems = [
        Problem("rename", name, f"two rules match it: {_quoted(rules)}", None, header.tensors[name])
        for name, rules in renaming.overlapping.items()
    ]
    problems += [
        Problem("rename", new, f"two names in the checkpoint become this one: {_quoted(olds)}")
        for new, olds in renaming.colliding.items()
    ]
    near = NearNames(header.tensors) if renaming.dead else None
    for rule in renaming.dead:
        if "*" in rule.replace("{*", ""):
            hint = "; `*` is no wildcard here: write `{i}` for one segment, `{*rest}` for several"
        else:
            other = near.find(rule) if near else None
            hint = f"; did you mean `{other}`?" if other else ""
        problems.append(Problem("rename", rule, f"this rule matches no name in the checkpoint{hint}"))
    return problems


def _mismatch(
    manifest: Manifest,
    header: CheckpointHeader,
    tensors: Mapping[str, TensorHeader],
    problems: Sequence[Problem],
    initialize: Sequence[str],
    ignored: Sequence[str],
    again: Again | None,
) -> CheckpointMismatchError:
    # What explains is imported when there is something to explain.
    from ..mismatch._causes import likely_causes

    missing = [problem.name for problem in problems if problem.kind == "missing"]
    unexpected = [problem.name for problem in problems if problem.kind == "unexpected"]
    splits = Splits()
    # What was permitted to be missing or ignored may be the other half of a misspelt name.
    near = {
        "missing": NearNames([*unexpected, *ignored], splits),
        "unexpected": NearNames([*missing, *initialize], splits),
    }
    causes = likely_causes(problems, manifest, tensors, path=header.path, splits=splits, again=again)
    title = f"{header.path} does not fit {manifest.model}"
    return CheckpointMismatchError(render(title, problems, causes, near, splits), tuple(problems), causes)


def _stored(tensor: TensorHeader) -> str:
    return f"{tensor.origin or tensor.dtype} {tensor.shape}"


def _under(name: str, tensor: TensorHeader) -> str:
    return "" if name == tensor.name else "; so named by `rename`"


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _join(*parts: str) -> str:
    return "; ".join(part for part in parts if part)
