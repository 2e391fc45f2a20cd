"""What is printed: figures, tables, the page of the documentation."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks import _page, _tables, _text
from benchmarks._case import Case, Side
from benchmarks._command import command
from benchmarks._result import Result, Run, Step
from benchmarks._work import NOTHING, Work

FEW = Work("experts", n_layers=2, n_experts=3, width=4)
STEP = Step(seconds=1, cpu=2, peak=3, anonymous=4)
PAIR = (Side("one", "_one", ("build", "load"), ()), Side("two", "_two", ("build_eagerly", "load"), ()))


@pytest.mark.parametrize(
    ("value", "shown"), [(8.123e-6, "8.12 us"), (0.000_999_9, "1.00 ms"), (0.412, "412 ms"), (12.34, "12.3 s")]
)
def test_times_have_three_digits(value: float, shown: str) -> None:
    """In the unit that fits."""
    assert _text.seconds(value) == shown


def table_of(case: Case, *steps: str, later: Step | None = None) -> list[list[str]]:
    """Give the cells of the table of a case that only its first side ran."""
    again = {} if later is None else dict.fromkeys(steps, later)
    run = Run(dict.fromkeys(steps, STEP), first_use=5, checksum=0, declared=6, later=again)
    result = Result(case, case.work, {case.sides[0].name: [run]}, {side.name: "absent" for side in case.sides[1:]})
    lines = _tables.sides(result).splitlines()
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]


def test_a_table_has_a_column_for_each_step_and_for_reading() -> None:
    """The steps of the sides stand in the same columns, whatever they are called; absent sides say why."""
    head, _, one, two = table_of(Case("few", "Few", FEW, FEW, PAIR), "build", "load", "read")
    memory = ["peak", "peak, + read", "anonymous"]
    assert head == ["", "build", "load", "build + load", "+ read", "CPU", *memory, "first use", "runs"]
    assert one == ["one", "1.00 s", "1.00 s", "2.00 s", "3.00 s", "4.00 s", "3 B", "3 B", "4 B", "5.00 s", "1"]
    assert two == ["two", "absent", *[""] * 9]


def test_the_first_of_a_process_stands_beside_a_later_one() -> None:
    """What is measured is the first; nothing is said about a tiny model, which there was not."""
    later = Step(seconds=0.25, cpu=0, peak=0, anonymous=0)
    case = Case("few", "Few", FEW, FEW, PAIR[:1], first=True)
    head, _, one = table_of(case, "build", "load", "read", later=later)
    assert head[:5] == ["", "build", "load", "build + load", "+ read"]
    assert head[-3:] == ["declare", "later build + load", "runs"]
    assert one[3] == "2.00 s"
    assert one[-3:] == ["6.00 s", "500 ms", "1"]
    assert "first use" not in head


def test_what_is_only_built_is_not_read() -> None:
    """One step needs no column for the sum."""
    side = Side("one", "_one", ("build",), ())
    head, _, one = table_of(Case("few", "Few", FEW, FEW, (side,), ends="declared"), "build")
    assert head == ["", "build", "CPU", "peak", "anonymous", "first use", "runs"]
    assert one == ["one", "1.00 s", "2.00 s", "3 B", "4 B", "5.00 s", "1"]


def test_imports_have_no_net_and_no_first_use() -> None:
    """Nothing is said about parameters, nor about what was done before."""
    case = Case("few", "Few", NOTHING, NOTHING, (Side("one", "_one", ("first", "second"), ()),), ends="imported")
    head, *_ = table_of(case, "first", "second")
    assert head == ["", "first", "second", "first + second", "CPU", "peak", "anonymous", "runs"]
    assert _tables.size(Result(case, NOTHING, {}, {})) == ""


def test_the_size_says_what_the_net_is() -> None:
    """In words, and in numbers of parameters, values and bytes."""
    case = Case("few", "Few", FEW, FEW, PAIR)
    assert _tables.size(Result(case, FEW, {}, {})) == (
        "2 layers of 3 experts, each of 3 cells with one weight of width 4: 18 parameters, 288 values, 1.15 kB in "
        "float32."
    )


def test_the_page_says_who_writes_it(tmp_path: Path) -> None:
    """Above everything else for editors, below the title for readers; the rest is what is printed."""
    page = tmp_path / "page.md"
    case = Case("few", "Few", FEW, FEW, (Side("nobody", "_nobody", (), ("no-such-package",)),))
    result = CliRunner().invoke(command("All", [case], [], page=page), ["--docs", "--quick"])
    assert result.exit_code == 0, result.output
    comment, title, about, *rest = page.read_text(encoding="utf-8").split("\n\n")
    assert comment.startswith("<!-- Written by `python -m benchmarks --docs`")
    assert title == "# All"
    assert about.startswith("`python -m benchmarks --docs`, in [a clone](install.md#a-clone), writes this page")
    assert "\n\n".join(rest) in result.output


def test_the_page_of_the_documentation_was_written_by_the_command() -> None:
    """It lies where the command writes it, and says so."""
    assert _page.PLACE.read_text(encoding="utf-8").startswith("<!-- Written by `python -m benchmarks --docs`")
