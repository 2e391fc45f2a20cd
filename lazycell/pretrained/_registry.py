"""Which class goes with which name: models register themselves, and packages announce theirs through entry points."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from importlib.metadata import EntryPoint
from typing import Any, TypeVar

import attrs

from .. import system
from .._dtypes import NAMES as DTYPES
from .._errors import RegistryError
from .._frozen import frozen
from .._harmless import Lines, told, words_of
from .._location import did_you_mean, really_like
from .._zoo_name import importable
from ..declaration import declaration_of
from ..gate import GROUP

_C = TypeVar("_C", bound=type)

_NOT_IN_NAMES = frozenset("/\\:*?[]")
"""What a preset cannot be called by: on the command line these make a path, a class or a wildcard of a word."""


def _as_dict(hyperparameters: Mapping[str, Any]) -> dict[str, Any]:
    return dict(hyperparameters)


@frozen
class Preset:
    """A well-known size of a model, by name: hyperparameters and where they come from; no weights.

    `@register("bert", presets=[Preset("bert-tiny", {"hidden_size": 128}, licence="Apache-2.0")])` makes it known to
    the command, `lazycell show bert-tiny`, and to `find_preset`.

    Attributes:
        name: what people call it, `"bert-base-uncased"`; no spaces, and nothing that a path or a wildcard is made of.
        hyperparameters: those that differ from the class's defaults.
        source: where its weights are published, `"google-bert/bert-base-uncased"`.
        licence: of those weights, by its SPDX identifier.
        paper: that describes it, `"arXiv:1810.04805"`.
        dtype: of the weights as they are published, `"bfloat16"`; default: the class's own.

    Raises:
        RegistryError: the name could not be typed for a model, or there is no such dtype.
    """

    name: str = attrs.field()
    hyperparameters: Mapping[str, Any] = attrs.field(factory=dict, converter=_as_dict)
    source: str | None = attrs.field(default=None, kw_only=True)
    licence: str | None = attrs.field(default=None, kw_only=True)
    paper: str | None = attrs.field(default=None, kw_only=True)
    dtype: str | None = attrs.field(default=None, kw_only=True)

    @property
    def arguments(self) -> dict[str, Any]:
        """What builds the model as it is published: the hyperparameters, and the dtype if one is stated."""
        return {**self.hyperparameters, **({} if self.dtype is None else {"dtype": self.dtype})}

    @name.validator
    def _check_name(self, attribute: object, name: object) -> None:
        if not isinstance(name, str) or not name:
            raise RegistryError(f"the name of a preset has to be text, not {name!r:.80}")
        wrong = [each for each in name if each in _NOT_IN_NAMES or each.isspace() or not each.isprintable()]
        if wrong or name[0] in ".-":
            what = f"{wrong[0]!r} in it" if wrong else f"{name[0]!r} at its start"
            raise RegistryError(f"preset {name!r} has {what}: use letters, digits, and -, _, . or + between them")

    @dtype.validator
    def _check_dtype(self, attribute: object, dtype: object) -> None:
        if dtype is not None and dtype not in DTYPES:
            raise RegistryError(f"preset {self.name!r}: dtype={dtype!r:.80} is none of {', '.join(DTYPES)}")


@frozen
class RegisteredModel:
    """A class and what it answers to.

    Attributes:
        model_type: the family, as `config.json` has it.
        architecture: the class's name in `config.json`'s `architectures`.
        cls: the class.
        presets: well-known sizes of it; of a class with several names, they are with the first alone.
    """

    model_type: str
    architecture: str
    cls: type
    presets: tuple[Preset, ...] = ()


_MODELS: dict[tuple[str, str], RegisteredModel] = {}
_PRESETS: dict[str, tuple[RegisteredModel, Preset]] = {}
_ALSO: dict[tuple[str, str], type] = {}
"""Other names of registered classes, under which configs have them; they are listed nowhere."""

# ------------------------------------------------------------------------------------------------------- registering


def register(
    model_type: str,
    *,
    architectures: Iterable[str] | None = None,
    presets: Iterable[Preset] = (),
    also: Mapping[str, str] | None = None,
) -> Callable[[_C], _C]:
    """Make a class known by name: to `lazycell.from_pretrained`, and to the command.

    A package that brings models announces them in its pyproject.toml, so that nobody has to import it first; the value
    is the module that registers its classes:

        [project.entry-points."lazycell.models"]
        toy = "toy_zoo.models"

    A class that is registered again, as when its module is reloaded, takes the place of its former self.

    Args:
        model_type: the family, as `config.json` has it: `"bert"`.
        architectures: names in `config.json`'s `architectures` that mean this class; default: the class's own name.
        presets: well-known sizes of the class.
        also: other families whose models are this class under another name: `{"xlm-roberta": "XLMRobertaModel"}`. They
            are found like the class's own name, and not listed. To be found before anything of the package is
            imported, a family has an entry point of its own.

    Returns:
        A decorator of the class, which it gives back.

    Raises:
        RegistryError: another class or preset answers to the same name, a preset has the name of a family or a class,
            or gives a hyperparameter that the class does not have. Then nothing is registered.
    """
    if isinstance(architectures, str):
        raise RegistryError(f"architectures={architectures!r}: write a list of names, [{architectures!r}]")
    aliases = None if architectures is None else tuple(architectures)
    sizes = tuple(presets)
    others = dict(also or {})

    def record(cls: _C) -> _C:
        names = aliases or (cls.__name__,)
        _check_names(cls, model_type, names)
        for family, name in others.items():
            _check_names(cls, family, (name,))
        _check_presets(cls, (model_type, *names), sizes)
        for architecture in names:  # what its former self had and it has not
            former = _MODELS.get((model_type, architecture))
            for preset in () if former is None else former.presets:
                _PRESETS.pop(preset.name, None)
        for architecture in names:
            # Under its first name alone, so that each preset is listed once.
            model = RegisteredModel(model_type, architecture, cls, sizes if architecture == names[0] else ())
            _MODELS[model_type, architecture] = model
            _PRESETS.update({preset.name: (model, preset) for preset in model.presets})
        _ALSO.update(dict.fromkeys(others.items(), cls))
        return cls

    return record


def _check_names(cls: type, model_type: str, architectures: Iterable[str]) -> None:
    for architecture in architectures:
        key = model_type, architecture
        known = _MODELS[key].cls if key in _MODELS else _ALSO.get(key)
        if known is not None and _place(known) != _place(cls):
            raise RegistryError(
                f"{model_type}/{architecture} is registered twice: by {_place(known)} and by {_place(cls)}"
            )
    for name in (model_type, *architectures):
        if name in _PRESETS:
            there = _place(_PRESETS[name][0].cls)
            raise RegistryError(f"{_place(cls)} cannot be registered as {name!r}: {there} has a preset of that name")


def _check_presets(cls: type, names: Iterable[str], presets: Iterable[Preset]) -> None:
    taken = {*names, *(name for key in _MODELS for name in key)}
    seen: set[str] = set()
    for preset in presets:
        if not isinstance(preset, Preset):
            raise RegistryError(f'presets of {_place(cls)}: {preset!r:.80} is no Preset: write Preset("name", {{...}})')
        known = _PRESETS.get(preset.name)
        if known is not None and _place(known[0].cls) != _place(cls):
            there = _place(known[0].cls)
            raise RegistryError(f"preset {preset.name!r} is there twice: of {there} and of {_place(cls)}")
        if preset.name in seen:
            raise RegistryError(f"preset {preset.name!r} of {_place(cls)} is there twice: leave one out")
        if preset.name in taken:
            text = "has the name of a model_type or a class: choose another"
            raise RegistryError(f"preset {preset.name!r} of {_place(cls)} {text}")
        seen.add(preset.name)
        _check_hyperparameters(cls, preset)


def _check_hyperparameters(cls: type, preset: Preset) -> None:
    declaration = declaration_of(cls)
    if declaration is None:
        return
    names = [item.name for item in declaration.hyperparameters] + ["dtype"] * declaration.takes_dtype
    for name in preset.arguments:
        if name not in names:
            text = f"preset {preset.name!r}: {cls.__name__} has no hyperparameter {name!r}"
            raise RegistryError(text + (did_you_mean(name, names) or f"; it has {', '.join(names)}"))


# ------------------------------------------------------------------------------------------------------------ finding


def registered_models(model_type: str | None = None) -> list[RegisteredModel]:
    """List the classes that are known, of one family or of all, by family and in order of registration.

    Families that packages announce are imported.

    Args:
        model_type: a family; None: all.

    Returns:
        What is registered; of a class with several names one of each.

    Raises:
        RegistryError: a package announces a family whose module cannot be imported.
    """
    models, failures = available_models(model_type)
    for failure in failures:
        raise failure
    return models


def available_models(model_type: str | None = None) -> tuple[list[RegisteredModel], list[RegistryError]]:
    """List the classes that are known, as `registered_models`, and beside them what cannot be imported.

    Returns:
        The classes, and an error for each announced family whose module fails: one broken package does not take the
        others away.
    """
    failures = []
    for entry in _announced():
        if model_type in (None, entry.name):
            try:
                _load(entry)
            except RegistryError as error:
                failures.append(error)
    found = [model for model in _MODELS.values() if model_type in (None, model.model_type)]
    # Stable: a family keeps the order of registration.
    return sorted(found, key=lambda model: model.model_type), failures


def find_preset(name: str) -> tuple[RegisteredModel, Preset]:
    """Give a preset by its name, and the model that it is a size of. All families that packages announce are imported.

    Args:
        name: `"bert-base-uncased"`, as `lazycell models` lists it.

    Returns:
        The model, and the preset.

    Raises:
        RegistryError: there is none of this name; where a package announces a family whose module cannot be imported,
            which may have had it, that is told.
    """
    _, failures = available_models()
    found = _PRESETS.get(name)
    if found is not None:
        return found
    for failure in failures:
        raise RegistryError(Lines(f"there is no preset {name!r}; but {failure}")) from failure.__cause__
    many = f"; there are {len(_PRESETS)}: `lazycell models` lists them" if _PRESETS else "; none is registered"
    raise RegistryError(f"there is no preset {name!r}{did_you_mean(name, _PRESETS) or many}")


def names_matching(pattern: str, models: Iterable[RegisteredModel]) -> list[RegisteredModel]:
    """Keep the models that a name with wildcards (`fnmatch`, case matters) means: by their family, class or presets.

    Where it means presets alone, only those presets are kept.
    """
    kept = []
    for model in models:
        if fnmatchcase(model.model_type, pattern) or fnmatchcase(model.architecture, pattern):
            kept.append(model)
        else:
            presets = tuple(preset for preset in model.presets if fnmatchcase(preset.name, pattern))
            if presets:
                kept.append(attrs.evolve(model, presets=presets))
    return kept


def find_model(model_type: str, architecture: str | None = None) -> type:
    """Give the class for a family and an architecture; without an architecture, the family's first.

    Args:
        model_type: the family, as `config.json` has it: `"bert"`.
        architecture: one of `config.json`'s `architectures`: `"BertForMaskedLM"`; None: the family's first.

    Returns:
        The class.

    Raises:
        RegistryError: nothing is registered under these names; the message says what is.
    """
    classes = classes_of(model_type)
    if architecture is None:
        return next(iter(classes.values()))
    if architecture in classes:
        return classes[architecture]
    text = f"{model_type!r} has no architecture {architecture!r}{really_like(architecture, classes)}"
    raise RegistryError(
        Lines(
            f"{text}\nIt has: {', '.join(classes)}. Load with a class of your choice: "
            f"{next(iter(classes))}.from_pretrained(path)"
        )
    )


def classes_of(model_type: str) -> dict[str, type]:
    """Give the classes of a family by their names, its base model first, be it registered or another's other name.

    Raises:
        RegistryError: nothing is registered under the family's name.
    """
    classes = {model.architecture: model.cls for model in registered_models(model_type)}
    if not classes and not any(family == model_type for family, _ in _ALSO):
        available_models()  # another family's module may bring it
    classes |= {name: cls for (family, name), cls in _ALSO.items() if family == model_type}
    if classes:
        return classes
    families = sorted(family_names())
    text = f"no model is registered for model_type {model_type!r}{really_like(model_type, families)}"
    raise RegistryError(
        Lines(
            f"{text}\nRegistered are: {', '.join(families) or 'none'}. Register a class with "
            f"@register({model_type!r}), or load with the class itself: YourModel.from_pretrained(path)"
        )
    )


def other_names() -> dict[tuple[str, str], type]:
    """Give the classes by the other names, family and class, that the modules imported so far have registered."""
    return dict(_ALSO)


def family_names() -> set[str]:
    """Give the names of all families that are registered or announced; all that packages announce are imported."""
    available_models()
    return {family for family, _ in (*_MODELS, *_ALSO)} | {entry.name for entry in _announced()}


def families_with(cls: type) -> set[str]:
    """Give the families in which a class is registered."""
    return {family for family, _ in names_with(cls)}


def names_with(cls: type) -> list[tuple[str, str]]:
    """Give the names of a class, family and architecture: those under which it is listed, then its other names."""
    own = [key for key, model in _MODELS.items() if model.cls is cls]
    return own + [key for key, other in _ALSO.items() if other is cls]


def families_of(architecture: str) -> list[str]:
    """List the families that have an architecture; all that packages announce are imported."""
    available_models()
    return sorted({family for family, name in (*_MODELS, *_ALSO) if name == architecture})


def _announced() -> Iterable[EntryPoint]:
    return system.entry_points(group=GROUP)


def _load(entry: EntryPoint) -> None:
    entry = EntryPoint(entry.name, importable(entry.value), entry.group)
    if entry.module in sys.modules:
        return
    try:
        entry.load()
    except (Exception, SystemExit) as error:  # a module may do anything when it is imported
        cause = words_of(error) if isinstance(error, ImportError) else told(error)
        raise RegistryError(
            Lines(
                f"the models of {entry.name!r} are announced in {entry.value!r}, which cannot be imported: {cause}"
                f"{_hidden(entry.module, error)}"
            )
        ) from error


def _hidden(module: str, error: BaseException) -> str:
    """Say what has the name of the package that announces a module, where that has no such module."""
    top = module.partition(".")[0]
    if not isinstance(error, ModuleNotFoundError) or error.name != module or top not in sys.modules:
        return ""
    there = sys.modules[top]
    place = getattr(there, "__file__", None) or next(iter(getattr(there, "__path__", ())), "not a file")
    return f"; {top!r} is {place}: if it is not the package that announces them, it hides that one: rename it"


def _place(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"
