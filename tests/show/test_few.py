"""Tests for the first few of many."""

from lazycell.show._plain import few, few_lines


def test_a_sentence_names_the_first_and_counts_the_others() -> None:
    """As many as fit are named, and no count is given where all are."""
    assert [few("abc", most) for most in (1, 2, 3, 4)] == ["a and 2 more", "a, b and 1 more", "a, b, c", "a, b, c"]
    assert few([], 3) == ""
    assert few(map(str, range(2000)), 1) == "0 and 1,999 more"


def test_a_list_ends_with_how_many_lines_it_lacks() -> None:
    """The count stands in a line of its own; a list that is short enough is as it was."""
    assert few_lines(["a", "b", "c"], 2) == ["a", "b", "... and 1 more"]
    assert few_lines(["a", "b", "c"], 3) == ["a", "b", "c"]
