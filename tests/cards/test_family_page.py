"""The pages of families: every preset is in one, and the numbers are those of what is committed."""

from __future__ import annotations

import re
from pathlib import Path

import attrs

import lazycell
from lazycell import Preset, RegisteredModel
from lazycell.cards import family_pages
from lazycell.show import format_bytes

from .tables import columns, tables
from .test_card import HOSTILE, committed

ROOT = Path(__file__).parents[2]


def test_a_page_has_every_preset_of_its_family() -> None:
    """What it is, what it takes, where it is from; and the first page leads to it."""
    models = lazycell.registered_models("distilbert")
    pages = family_pages(models)
    assert list(pages) == ["index", "distilbert"]
    about, published = tables(pages["distilbert"], "## Presets")
    presets = [preset for model in models for preset in model.presets]
    for preset, row in zip(presets, columns(about), strict=True):
        manifest = committed(preset.name)
        assert row["Preset"] == preset.name
        assert row["Elements"] == f"{manifest.size:,}"
        assert row["float32"] == format_bytes(4 * manifest.size)
        assert row["half"] == format_bytes(2 * manifest.size)
        assert row["Positions"] == "512"
    assert [row["Weights"] for row in columns(published)] == [preset.source for preset in presets]
    assert [row["Architecture"] for row in columns(tables(pages["distilbert"], "## Classes")[0])] == [
        model.architecture for model in models
    ]
    families, by_size = tables(pages["index"])
    assert families[1][:3] == ["distilbert", f"{len(models)}", f"{len(presets)}"]
    assert "](distilbert.md)" in pages["index"]
    sizes = [int(row["Elements"].replace(",", "")) for row in columns(by_size)]
    assert sizes == sorted(committed(preset.name).size for preset in presets)


def test_what_a_class_is_for_is_in_its_docstring_or_in_that_of_a_base() -> None:
    """Not what the declaration adds to it, nor what is said of every cell."""
    models = [each for each in lazycell.registered_models() if each.cls.__module__.startswith("models.")]
    pages = family_pages([attrs.evolve(model, presets=()) for model in models])
    for name, page in pages.items():
        for row in columns(tables(page, "## Classes")[0]) if name != "index" else ():
            assert row["What it gives"].endswith("."), row
            assert "Hyperparameters" not in row["What it gives"]
    assert {"CamembertModel", "XLMRobertaModel"} <= {*re.findall(r"\w+", pages["roberta"])}


def test_every_family_is_in_the_navigation() -> None:
    """A page that is made and not listed would be found by nobody."""
    listed = re.findall(r" models/([\w.-]+)\.md", (ROOT / "mkdocs.yml").read_text())
    families = {m.model_type for m in lazycell.registered_models() if m.cls.__module__.startswith("models.")}
    assert set(listed) == {"index", *families}


class Plain:
    """A class that answers nothing."""


def test_a_family_of_any_name_has_a_file() -> None:
    """What no file may be called is written otherwise; a class that refuses has no row."""
    for name, expected in (("../x", ".._x"), ("index", "index_"), (HOSTILE, None)):
        model = RegisteredModel(name, "Plain", Plain, (Preset("p"),))
        index, file = family_pages([model])
        assert index == "index"
        assert re.fullmatch(r"[\w.-]+", file)
        assert expected in (file, None)
    page = family_pages([model])[file]
    assert "<script>" not in page
    assert "## Presets" not in page
