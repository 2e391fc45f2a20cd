"""The card of one model: what it says is what the manifest says, whatever the model is called."""

from __future__ import annotations

import re
from pathlib import Path

import attrs
import pytest

import lazycell
from lazycell import Manifest, Preset, RegisteredModel
from lazycell.cards import Subject, card_of
from lazycell.layout import ManifestEntry
from lazycell.show import format_bytes

from .tables import columns, tables

COMMITTED = Path(__file__).parents[2] / "models" / "manifests"

_FEW = 1000
"""Parameters: a model of experts may have 20,000."""

HOSTILE = "a|b`</td><script>*x*\n# no\x1b[2J](https://x.example)"


def committed(name: str) -> Manifest:
    """Give the manifest of a preset as it is committed: made by another program, at another time."""
    return Manifest.from_json((COMMITTED / f"{name}.json").read_bytes())


def smallest() -> list[tuple[RegisteredModel, Preset]]:
    """Give the preset of each family whose committed manifest is the smallest, unless it has many parameters."""
    found: dict[str, tuple[int, RegisteredModel, Preset]] = {}
    for model in lazycell.registered_models():
        for preset in model.presets if model.cls.__module__.startswith("models.") else ():
            size = (COMMITTED / f"{preset.name}.json").stat().st_size
            if size < found.get(model.model_type, (size + 1,))[0]:
                found[model.model_type] = size, model, preset
    return [(model, preset) for _, model, preset in found.values() if len(committed(preset.name)) < _FEW]


def subject_of(model: RegisteredModel, preset: Preset) -> Subject:
    """Give what a card of a preset is made of."""
    return Subject(preset.name, model.cls.manifest(**preset.arguments), model.cls, preset.arguments, preset)


def check(subject: Subject, manifest: Manifest) -> float:
    """Hold a card against a manifest; give the share of the shapes that are told in the model's hyperparameters."""
    card = card_of(subject)
    (facts, *_) = tables(card)
    told = dict(facts)
    assert told["In all"].startswith(f"{len(manifest):,} parameters, {manifest.size:,} elements (")
    assert told["Bytes"] == f"{format_bytes(manifest.nbytes)} ({manifest.nbytes:,})"
    assert told["Digest"] == manifest.digest
    assert set(told["Dtypes"].split("`, `")) == {entry.dtype for entry in manifest}

    parts = columns(tables(card, "## Memory")[1])
    assert sum(int(row["Parameters"].replace(",", "")) for row in parts) == len(manifest)
    assert sum(int(row["Elements"].replace(",", "")) for row in parts) == manifest.size
    in_float32 = next(row for row in columns(tables(card, "## Memory")[0]) if "float32" in row["Dtype"])
    if len({entry.dtype for entry in manifest}) == 1:
        assert in_float32["Bytes"].endswith(f"({4 * manifest.size:,})")

    (rows,) = tables(card, "## Shapes")
    shapes = {row["Parameter"]: row for row in columns(rows)}
    assert {row["Shape"] for row in shapes.values()} == {str(entry.shape) for entry in manifest}
    values = {name: value for name, value in manifest.hyperparameters.items() if isinstance(value, int)}
    computed = 0
    for row in shapes.values():
        try:
            assert eval(row["Made of"], {}, values) == eval(row["Shape"]), row
            computed += 1
        except (NameError, SyntaxError):  # made of what is no plain number: `max(…)`
            pass
    assert {row["Hyperparameter"] for row in columns(tables(card, "## Hyperparameters")[0])} == {
        *manifest.hyperparameters
    }
    if manifest.caches:
        cells = columns(tables(card, "## Cache of keys and values")[0])
        nbytes = sum(each.position_nbytes for each in manifest.caches)
        assert sum(int(row["Bytes a position"].replace(",", "")) for row in cells) == nbytes
    else:
        assert "## Cache" not in card
    return computed / len(shapes)


def test_the_numbers_of_a_card_are_those_of_the_manifest() -> None:
    """For a preset of each family, against the manifest that is committed."""
    subjects = smallest()
    assert len(subjects) > 10
    for model, preset in subjects:
        assert check(subject_of(model, preset), committed(preset.name)) > 0.5


@pytest.mark.slow
def test_every_preset_has_a_card() -> None:
    """All of them."""
    for model in lazycell.registered_models():
        for preset in model.presets:
            assert check(subject_of(model, preset), committed(preset.name)) > 0


def test_a_card_says_how_it_is_loaded() -> None:
    """A preset from the repository that it names; anything else by its class, or from where it was found."""
    model, preset = lazycell.find_preset("bert-tiny")
    subject = subject_of(model, preset)
    assert f'lazycell.from_pretrained("{preset.source}")' in card_of(subject)
    assert f"(https://huggingface.co/{preset.source})" in card_of(subject)
    assert "(https://arxiv.org/abs/1908.08962)" in card_of(subject)
    own = card_of(attrs.evolve(subject, preset=None, arguments={"hidden_size": 128}))
    assert "from models.bert import BertModel\n\nnet = BertModel(hidden_size=128)\n" in own
    there = card_of(attrs.evolve(subject, preset=None, place="some/where"))
    assert 'from_pretrained("some/where")' in there


def test_a_manifest_alone_gives_a_card() -> None:
    """As `lazycell show model.json --card` has it: without a class, shapes are made of what the manifest says."""
    manifest = committed("bert-tiny")
    card = card_of(Subject("bert-tiny.json", manifest))
    assert "## Load" not in card
    assert tables(card, "## Shapes")[0][1][2] == "(size, width)"


def test_what_strangers_wrote_is_no_mark() -> None:
    """A name may hold anything: it breaks no table, starts no tag, no heading and no link, and ends no block of code."""
    entries = tuple(
        ManifestEntry(name, (2,), "float32", HOSTILE, expression=HOSTILE, declared_by="A.b")
        for name in (HOSTILE, f"{HOSTILE}.w", "````\n```")
    )
    manifest = Manifest(HOSTILE, entries, ties={HOSTILE + "t": HOSTILE}, hyperparameters={HOSTILE: HOSTILE})
    preset = Preset("p", source=f"org/{HOSTILE}", licence=HOSTILE, paper=f"arXiv:{HOSTILE}")
    card = card_of(Subject(HOSTILE, manifest, preset=preset))
    outside = re.sub(r"^(`{3,})text\n.*?^\1$", "", card, flags=re.MULTILINE | re.DOTALL)
    assert "<script>" not in outside
    assert "](https://x" not in outside
    assert "\x1b" not in card
    assert len(re.findall(r"^# ", card, re.MULTILINE)) == 1
    assert [len({*map(len, table)}) for table in tables(card)] == [1] * len(tables(card))
    assert len(re.findall(r"^`{3,}text\n\$ lazycell show ", card, re.MULTILINE)) == 1


def test_a_model_without_anything_has_a_card() -> None:
    """No parameters, no hyperparameters: what is there is told."""
    card = card_of(Subject("empty", Manifest("Empty", ())))
    assert dict(tables(card)[0])["In all"] == "0 parameters, 0 elements (0 trainable)"
