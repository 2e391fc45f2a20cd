"""Runs one page of the documentation as a reader would: from the top, in one session, in the current directory.

    python tests/pages.py docs/tutorial.md

A ```python block is executed. A ```pycon block is typed at the prompt: what it prints has to be what the page shows.
"""

from __future__ import annotations

import doctest
import linecache
import re
import sys
import types
from collections.abc import Iterator
from pathlib import Path

import attrs

# The reader's own module, as error messages and manifests name it.
_SESSION = "model"
_OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
_FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\w*)[^\n]*\n(?P<text>.*?)^(?P=indent)```[ ]*$", re.M | re.S)
# doctest ends expected output at an empty line. Here only the next prompt, or the fence, ends it.
_EMPTY = re.compile(r"^\n(?!\n*(?:>>> |\Z))", re.M)
_MODULE = re.compile(r"^lazycell\.(?:\w+\.)*(?=\w+:)")


@attrs.frozen
class Block:
    """The text between two fences, without the indentation of the fences, and the lines of the page above it."""

    language: str
    text: str
    line: int


def blocks(page: str) -> Iterator[Block]:
    """Give the fenced blocks of a Markdown page, in order."""
    for fence in _FENCE.finditer(page):
        indent = len(fence["indent"])
        text = "".join(line[indent:] if line.strip() else line for line in fence["text"].splitlines(keepends=True))
        yield Block(fence["language"], text, page.count("\n", 0, fence.start("text")))


class _Checker(doctest.OutputChecker):
    def check_output(self, want: str, got: str, optionflags: int) -> bool:
        # A traceback names the module that an exception is defined in. The pages name the one it is imported from.
        return super().check_output(want, _MODULE.sub("lazycell.", got), optionflags)


def run(path: Path) -> str:
    """Run the blocks of a page, up to the first that does not do what the page says; give what went wrong there."""
    session = types.ModuleType(_SESSION)
    sys.modules[_SESSION] = session  # pickle looks classes up
    for block in blocks(path.read_text(encoding="utf-8")):
        if block.language == "python":
            # Error messages show a line and its text: of a file that has the lines of the page.
            source, filename = "\n" * block.line + block.text, f"{_SESSION}.py"
            linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
            exec(compile(source, filename, "exec"), session.__dict__)
        elif block.language == "pycon":
            failed: list[str] = []
            text = _EMPTY.sub("<BLANKLINE>\n", block.text)
            test = doctest.DocTestParser().get_doctest(text, {}, path.stem, str(path), block.line)
            test.globs = session.__dict__
            runner = doctest.DocTestRunner(_Checker(), verbose=False, optionflags=_OPTIONS)
            if runner.run(test, out=failed.append, clear_globs=False).failed:
                return "".join(failed)
    return ""


if __name__ == "__main__":
    del sys.path[0]  # this directory, in which tests of `models` go by its name
    problem = run(Path(sys.argv[1]).resolve())
    print(problem, end="")
    sys.exit(1 if problem else 0)
