"""`lazycell models`."""

from __future__ import annotations

import json

from .command import lazycell
from .terminal import in_terminal

BERT = [
    {"model_type": "bert", "class": "BertModel", "module": "models.bert"},
    {"model_type": "bert", "class": "BertForMaskedLM", "module": "models.bert"},
]


def test_table():
    """The registry is a table of model_type, class and module, with nothing on stderr."""
    done = lazycell("models")
    rows = [line.split() for line in done.stdout.splitlines()]
    assert (done.status, done.stderr) == (0, "")
    assert rows[0] == ["model_type", "class", "module"]
    assert [list(model.values()) for model in BERT] == [row for row in rows if row[0] == "bert"]


def test_json():
    """`--json` prints an array with the same."""
    done = lazycell("models", "--json")
    assert done.status == 0
    assert [model for model in json.loads(done.stdout) if model["model_type"] == "bert"] == BERT


def test_in_a_terminal():
    """A person sees what takes so long, and the table after it."""
    watched = in_terminal("models")
    assert watched.status == 0
    assert watched.screen.index("importing the models") < watched.screen.index("BertModel")
