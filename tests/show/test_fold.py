"""Lines and rows in terminals that are too narrow for them: nothing in them is torn or lost."""

from __future__ import annotations

import pytest

from lazycell.show._fold import fold
from lazycell.show._laid_out import laid_out, tree_lines

NAME = "encoder.layer.{0..11}.attention.output.LayerNorm.weight"

MODEL_ROWS = [
    ("preset", "class", "elements", "bytes", "licence", "paper", "source"),
    ("qwen3-0.6b", "Qwen3ForCausalLM", "596,049,920", "1.19 GB", "Apache-2.0", "arXiv:2505.09388", "Qwen/Qwen3-0.6B"),
    ("bert-base-multilingual-cased", "BertModel", "177,853,440", "711 MB", "Apache-2.0", "", "google-bert/a-long-name"),
]


@pytest.mark.parametrize("width", [24, 40, 80, 100])
@pytest.mark.parametrize(
    "line",
    [
        f"  {NAME}  (30522, 768) -> (28996, 768)  Embedding.weight  (size, width)",
        f"  {NAME}: float32 (128, 128); declared (out_features, in_features) by Linear.weight",
        "BertModel(hidden_size=128, vocab_size=30522, shape=(1, 2), num_hidden_layers=2, num_attention_heads=2)",
        "x" * 300,
        "short",
        "",
    ],
)
def test_words_stay(line: str, width: int) -> None:
    """All of them, in their order; no line is wider than the terminal if its words are not."""
    lines = fold(line, width)
    assert "".join("".join(lines).split()) == "".join(line.split())
    assert all(len(each) <= width or " " not in each.strip() for each in lines)
    assert lines == [line] or len(line) > width


def test_what_belongs_together_stays() -> None:
    """Between columns before between words; no shape is torn where words are in its way."""
    first, *rest = fold(f"  {NAME}  (30522, 768) -> (28996, 768)  Embedding.weight", 75)
    assert first.strip() == NAME
    assert [each.strip() for each in rest] == ["(30522, 768) -> (28996, 768)  Embedding.weight"]
    for width in range(30, 70):
        assert any("(30522, 768)" in each for each in fold("the model has tensors of shape (30522, 768) here", width))
    assert fold("see the shape  -> elsewhere", 20)[1].strip() == "-> elsewhere"


def test_what_is_to_be_copied_stays() -> None:
    """A command between backticks is in one line, however long it is."""
    command = "`lazycell check bert-base-uncased model.safetensors --partial`"
    assert any(command in each for each in fold(f"what to do: {command} says why it does not fit", 40))


def test_what_goes_on_is_indented() -> None:
    """Beyond the line itself."""
    first, *rest = fold("  " + "word " * 30, 40)
    assert first.startswith("  word")
    assert rest
    assert all(each.startswith("      word") for each in rest)


@pytest.mark.parametrize("width", [40, 60, 80, 100])
def test_columns_are_stacked(width: int) -> None:
    """Every cell is whole in one line; what does not fit beside stands below, in columns too."""
    titles, *rows = laid_out(MODEL_ROWS, {2, 3}, width)
    for cells, lines in zip(MODEL_ROWS[1:], rows, strict=True):
        assert max(map(len, lines)) <= width
        for cell in cells:
            assert any(cell in line for line in lines)
    assert [len(rows[0]) > 1, len(titles) > 1] == [True, True]
    place = next(line.index("licence") for line in titles if "licence" in line)
    assert all(line.index("Apache-2.0") == place for lines in rows for line in lines if "Apache-2.0" in line)


def test_what_fits_is_one_line() -> None:
    """As in a pipe."""
    assert [len(lines) for lines in laid_out(MODEL_ROWS, {2, 3}, 200)] == [1, 1, 1]


def test_a_long_name_has_its_line() -> None:
    """And the other cells theirs, in their columns."""
    rows = laid_out([("name", "shape"), ("a", "(3, 4)"), (NAME, "(768,)")], (), 50)
    assert rows[2] == (NAME[: NAME.rindex(".") + 1], "    weight", " " * rows[1][0].index("(") + "(768,)")
    assert laid_out([("name", "shape"), (NAME, "(768,)")], (), 60)[1] == (NAME, " " * 54 + "(768,)")


@pytest.mark.parametrize("width", [30, 40, 50, 60])
def test_a_tree_that_is_too_wide(width: int) -> None:
    """A name has a line to itself, past which the lines of the tree go on; numbers and shapes are whole."""
    rows = [
        ("", "elements", "shape"),
        ("Net", "30,532,122,624", ""),
        ("├── a_rather_long_name", "29,003,612,160", ""),
        ("│   └── weight_of_it", "29,003,612,160", "(151936, 2048)"),
        ("└── b", "1", "(1,)"),
    ]
    laid = tree_lines(rows, {1}, width)
    assert max(len(line) for lines in laid for line in lines) <= max(width, 34)
    for cells, lines in zip(rows, laid, strict=True):
        assert lines[0].startswith(cells[0])
        for cell in cells:
            assert any(cell in line for line in lines)
    assert len(laid[2]) == 1 + (width < 60)
    assert width == 60 or laid[2][1].startswith("│ "[: max(width - 34, 1)])
