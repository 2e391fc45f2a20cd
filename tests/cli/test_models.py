"""`lazycell models`."""

from __future__ import annotations

import json

from .command import lazycell
from .terminal import in_terminal

BERT = [
    {"model_type": "bert", "class": name, "module": "models.bert"}
    for name in (
        "BertModel",
        "BertForMaskedLM",
        "BertForSequenceClassification",
        "BertForTokenClassification",
        "BertForQuestionAnswering",
    )
]


def test_table():
    """Classes with how many presets each has, then the presets, with nothing on stderr."""
    done = lazycell("models")
    classes, _, presets = done.stdout.partition("\n\n")
    rows = [line.split() for line in classes.splitlines()]
    assert (done.status, done.stderr) == (0, "")
    assert rows[0] == ["model_type", "class", "module", "presets"]
    assert [list(model.values()) for model in BERT] == [row[:3] for row in rows if row[0] == "bert"]
    (base,) = [line.split() for line in presets.splitlines() if line.startswith("bert-base-uncased ")]
    assert base[1:3] == ["BertModel", "109,482,240"]
    assert base[-1] == "google-bert/bert-base-uncased"


def test_json_and_a_pattern():
    """`--json` prints an array with the same, and a pattern keeps what it means."""
    done = lazycell("models", "--json", "bert-t*")
    assert done.status == 0
    (model,) = json.loads(done.stdout)
    (preset,) = model.pop("presets")
    assert model == BERT[0]
    assert (preset["name"], preset["licence"], preset["elements"]) == ("bert-tiny", "Apache-2.0", 4_385_920)


def test_nothing_matches():
    """The answer is no."""
    assert lazycell("models", "brt-*").status == 1


def test_in_a_terminal():
    """A person sees what takes so long, and the table after it."""
    watched = in_terminal("models")
    assert watched.status == 0
    assert watched.screen.index("importing the models") < watched.screen.index("BertModel")


def test_cards(tmp_path):
    """A page for each family that a pattern means, and one that lists them; not beside JSON, and none for nothing."""
    place = tmp_path / "cards" / "here"
    wrote = lazycell("models", "distil*", "--cards", str(place))
    nothing = lazycell("models", "brt-*", "--cards", str(tmp_path / "none"))
    both = lazycell("models", "--json", "--cards", str(place))
    other = lazycell("models", "net:Net")
    families = {"distilbert", "gpt2", "roberta"}
    assert (wrote.status, wrote.stdout) == (0, f"wrote {place / 'index.md'} and 3 pages beside it\n")
    assert {path.stem for path in place.iterdir()} == {"index", *families}
    assert "# gpt2\n" in (place / "gpt2.md").read_text()
    assert "`distilgpt2`" in (place / "gpt2.md").read_text()
    assert "`gpt2-small`" not in (place / "gpt2.md").read_text()
    assert nothing.status == 1
    assert not (tmp_path / "none").exists()
    assert both.status == 2
    assert "`lazycell show net:Net`" in other.stderr
