"""The text of a draft: imports, the layers that the zoo lacks, and the classes, inner ones first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ._class_plans import Hyper, Plan, Planner
from ._formatted import WIDTH, Call, Literal, comment, mapping, statement
from ._initializer_text import CLASSES
from ._leaf_kinds import ZOO
from ._local_layers import local_layers
from ._python_names import Code, harmless_path, literal
from ._root_fields import RootFields

_TYPED = "INDEX SELF LazyCell Parameter Tensor buffer cells child children hyper in_ param rename tie when".split()


def draft_text(planner: Planner, fields: RootFields, made_from: Iterable[str], rules: Mapping[str, str]) -> str:
    """Write a draft.

    Args:
        planner: its classes.
        fields: what the model takes.
        made_from: names of the files.
        rules: what the root's `rename` says beside its leftovers.
    """
    classes = [plan for plan in planner.plans.values() if plan is not planner.root]
    spelled = {kind: planner.spelled(kind) for kind in planner.kinds}
    blocks = [*local_layers(planner.kinds, spelled)]
    blocks += ["\n".join(_class(plan, fields.renamed)) + "\n" for plan in classes]
    blocks.append("\n".join(_root(planner.root, fields, rules)) + "\n")
    body = "\n\n".join(blocks)
    head = "\n".join(_head(body, [kind for kind in sorted(planner.kinds) if kind in ZOO], spelled, made_from))
    return f"{head}\n\n\n{body}"


def _head(body: str, kinds: list[str], spelled: Mapping[str, str], made_from: Iterable[str]) -> Iterator[str]:
    names = ", ".join(re.sub(r"[^\w .{}-]", "?", each, flags=re.ASCII) for each in made_from)
    yield f'"""A draft that `lazycell draft` made from {names}.'
    yield ""
    yield "Names, shapes and dtypes are those of the file. What is computed is to be written:"
    yield "each `construct` raises. Comments say what the file could not decide."
    yield '"""'
    yield ""
    if re.search(r"\bAny\b", body):
        yield "from typing import Any"
        yield ""
    if "nn.Identity" in body:
        yield "from mindspore import nn"
    classes = sorted(name for name in CLASSES if re.search(rf"\b{name}\(", body))
    if classes:
        yield from _import("mindspore.common.initializer", classes)
    if classes or "nn.Identity" in body:
        yield ""
    plain = [name for name in ("UNUSED", "ConfigRules") if re.search(rf"\b{name}\b", body)]
    if plain:
        yield f"from lazycell import {', '.join(plain)}"
    used = [name for name in _TYPED if re.search(rf"\b{name}\b", body)]
    yield from _import("lazycell.typed", used)
    imported = [kind if spelled[kind] == kind else f"{kind} as {spelled[kind]}" for kind in kinds]
    if imported:
        yield from _import("models.layers", imported)


def _import(module: str, names: list[str]) -> Iterator[str]:
    whole = f"from {module} import {', '.join(names)}"
    if len(whole) <= WIDTH:
        yield whole
        return
    yield f"from {module} import ("
    yield from (f"    {name}," for name in names)
    yield ")"


def _root(plan: Plan, fields: RootFields, rules: Mapping[str, str]) -> Iterator[str]:
    yield f"class {plan.name}(LazyCell):"
    of_config = fields.fields or fields.only
    yield f'    """The model{"; its hyperparameters are the keys of `config.json`" if of_config else ""}."""'
    yield ""
    shown = [field for field in fields.fields if field.in_shapes]
    others = [field for field in fields.fields if not field.in_shapes]
    spelled = fields.renamed
    for field in shown:
        if field.note:
            yield from comment(field.note, 4)
        yield from statement(f"{field.name}: {field.annotation} = ", _as_root(field.default, spelled), 4)
    for hyper in plan.hypers:
        yield from _given(hyper, hyper.default or literal(hyper.column[0]))
    if others:
        if shown or plan.hypers:
            yield ""
        yield from comment("No shape here tells what these do:", 4)
    for field in others:
        yield from statement(f"{field.name}: {field.annotation} = ", field.default, 4)
    if fields.only:
        yield ""
        yield from comment("What another value of these would add, the file does not show:", 4)
    if fields.only or fields.renamed or fields.ignored:
        only = ", ".join(f"{literal(key)}: {literal(value)}" for key, value in fields.only.items())
        renamed = ", ".join(f"{literal(key)}: {literal(value)}" for key, value in fields.renamed.items())
        call = Call("ConfigRules")
        if only:
            call.named["only"] = f"{{{only}}}"
        if renamed:
            call.named["renamed"] = f"{{{renamed}}}"
        if fields.ignored:
            call.named["ignored"] = literal(fields.ignored)
        yield from statement("config_rules = ", call, 4)
    if shown or plan.hypers or others or fields.only or fields.renamed or fields.ignored:
        yield ""
    yield from _body(plan, spelled, rules, is_root=True)


def _class(plan: Plan, spelled: Mapping[str, str]) -> Iterator[str]:
    yield f"class {plan.name}(LazyCell):"
    yield f'    """{_place(plan)}"""'
    yield ""
    if plan.uses_config:
        yield "    config: Any = hyper()"
    given = [hyper for hyper in plan.hypers if hyper.default is None]
    for hyper in given:
        yield f"    {hyper.name}: {_type_of(hyper)} = hyper()"
    for hyper in plan.hypers:
        if hyper.default is not None:
            yield from _given(hyper, hyper.default)
    if plan.uses_config or plan.hypers:
        yield ""
    yield from _body(plan, spelled, {}, is_root=False)


def _given(hyper: Hyper, default: str) -> Iterator[str]:
    why = (
        "the checkpoints differ, and no config gives it" if hyper.default is None else "by position; no config gives it"
    )
    yield from comment(why, 4)
    yield from statement(f"{hyper.name}: {_type_of(hyper)} = ", default, 4)


def _place(plan: Plan) -> str:
    paths = dict.fromkeys(
        harmless_path(re.sub(r"(?<![^.])\d+(?![^.])", "{i}", branch.path)) for branch in plan.branches
    )
    first, *others = paths
    text = f"`{first}`{f', and {len(others)} more places' if len(others) > 1 else ''}"
    text += f" and `{others[0]}`" if len(others) == 1 else ""
    text = text if len(text) < WIDTH - 12 else f"`{first}`, and elsewhere"
    return f"{text}."


def _type_of(hyper: Hyper) -> str:
    value = hyper.column[0]
    if isinstance(value, tuple):
        inner = {type(each).__name__ for each in value}
        return f"tuple[{inner.pop()}, ...]" if len(inner) == 1 and not isinstance(value[0], tuple) else "Any"
    return "Any" if isinstance(value, Code) else type(value).__name__


def _body(plan: Plan, spelled: Mapping[str, str], rules: Mapping[str, str], *, is_root: bool) -> Iterator[str]:
    for line in plan.lines:
        for note in dict.fromkeys(line.comments):
            yield from comment(note, 4)
        value = _with_names(line.value, spelled, is_root=is_root)
        yield from statement(f"{line.name}: {line.annotation} = ", value, 4)
    pairs = [(literal(name), literal(now)) for name, now in rules.items()]
    for line in plan.lines:
        if line.stored and line.stored != line.name:
            rest = "" if line.is_tensor else ".{*rest}"
            pairs.append((literal(f"{line.stored}{rest}"), literal(f"{line.name}{rest}")))
    leftovers = [(literal(name), "UNUSED") for name in plan.leftovers]
    if leftovers:
        yield from comment("PyTorch saves these, and nothing needs them: they are computed", 4)
    if pairs or leftovers:
        yield from mapping("rename", [*pairs, *leftovers], 4)
    yield ""
    yield "    def construct(self, x: Tensor) -> Tensor:"
    names = [f"self.{line.name}" for line in plan.lines if line.name != "one_table"]
    message = f"{plan.name}: write what is computed of x"
    if names:
        rest = ", ..." if len(names) > 1 else ""
        message += f" by {names[0]}{rest}" if len(message) + len(names[0]) < 60 else ""
    for shown in (names[:2], names[:3]):
        longer = f"{plan.name}: write what is computed of x by {', '.join(shown)}" + (
            ", ..." if len(names) > len(shown) else ""
        )
        message = longer if len(longer) <= WIDTH - 14 else message
    raised = f'        raise NotImplementedError("{message}")'
    if len(raised) <= WIDTH:
        yield raised
    else:
        yield "        raise NotImplementedError("
        yield f'            "{message}"'
        yield "        )"


def _with_names(value: Any, spelled: Mapping[str, str], *, is_root: bool) -> Any:
    """Put the keys of the config into what is said: the root's own, or those of its `config`."""
    if isinstance(value, Call):
        return Call(
            value.name,
            [_with_names(each, spelled, is_root=is_root) for each in value.arguments],
            {name: _with_names(each, spelled, is_root=is_root) for name, each in value.named.items()},
        )
    if isinstance(value, Literal):
        return Literal(value.brackets, [("", _with_names(each, spelled, is_root=is_root)) for _, each in value.pairs])
    return _as_root(value, spelled) if is_root else _below_root(value, spelled)


def _as_root(text: str, spelled: Mapping[str, str]) -> str:
    return re.sub(r"@(\w+)@", lambda found: spelled.get(found[1], found[1]), text.replace("@@", "SELF"))


def _below_root(text: str, spelled: Mapping[str, str]) -> str:
    return re.sub(r"@(\w+)@", lambda found: f"config.{spelled.get(found[1], found[1])}", text.replace("@@", "config"))
