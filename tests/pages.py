"""Runs one page of the documentation as a reader would: from the top, in one session, in the current directory.

    python tests/pages.py docs/tutorial.md
    python tests/pages.py --write docs/commands/show.md

A ```python block is executed; one with a title, ```python title="zoo.py", is the content of that file. A ```pycon block is
typed at the prompt: what it prints has to be what the page shows. Of a ```console block, the lines that start with `$ ` are
run by a shell, and what they print has to be what stands below them; a block without such lines is for people to paste.
With `--write`, output that is not what the page shows takes its place.
"""

from __future__ import annotations

import doctest
import linecache
import os
import re
import shlex
import subprocess
import sys
import types
from collections.abc import Iterator
from pathlib import Path

import attrs

# The reader's own module, as error messages and manifests name it.
_SESSION = "model"
_OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
_FENCE = re.compile(
    r"^(?P<indent> *)```(?P<language>\w*)(?P<options>[^\n]*)\n(?P<text>.*?)^(?P=indent)```[ ]*$", re.M | re.S
)
# doctest ends expected output at an empty line. Here only the next prompt, or the fence, ends it.
_EMPTY = re.compile(r"^\n(?!\n*(?:>>> |\Z))", re.M)
_EMPTY_LINE = re.compile(r"^\n", re.M)
_TITLE = re.compile(r'title="([^"]+)"')
# Where `lazycell` is that runs in less time, of tests: see `forked`.
_FORKED = os.environ.pop("FORKED", "")
_MODULE = re.compile(r"^lazycell\.(?:\w+\.)*(?=\w+:)")


@attrs.frozen
class Block:
    """The text between two fences, without the indentation of the fences, and the lines of the page above it."""

    language: str
    text: str
    line: int
    file: str | None = None


def blocks(page: str) -> Iterator[Block]:
    """Give the fenced blocks of a Markdown page, in order."""
    for fence in _FENCE.finditer(page):
        indent = len(fence["indent"])
        text = "".join(line[indent:] if line.strip() else line for line in fence["text"].splitlines(keepends=True))
        title = _TITLE.search(fence["options"])
        yield Block(fence["language"], text, page.count("\n", 0, fence.start("text")), title and title[1])


class _Checker(doctest.OutputChecker):
    def check_output(self, want: str, got: str, optionflags: int) -> bool:
        # A traceback names the module that an exception is defined in. The pages name the one it is imported from.
        return super().check_output(want, _MODULE.sub("lazycell.", got), optionflags)


def run(path: Path) -> str:
    """Run the blocks of a page, up to the first that does not do what the page says; give what went wrong there."""
    session = types.ModuleType(_SESSION)
    sys.modules[_SESSION] = session  # pickle looks classes up
    for block in blocks(path.read_text(encoding="utf-8")):
        if block.file is not None:
            write(block)
        elif block.language == "python":
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
        elif block.language == "console":
            for command in commands(block.text):
                printed = command.run()
                if not command.is_as_shown(printed):
                    return (
                        f"{path}, below line {block.line}:\n$ {command.line}\nExpected:\n{command.shown}Got:\n{printed}"
                    )
    return ""


def write(block: Block) -> None:
    """Write a block with a title to the file of that name, below the current directory."""
    assert block.file is not None
    path = Path(block.file)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(block.text, encoding="utf-8")


@attrs.frozen
class Command:
    """A line that is typed at the prompt of a shell, and what the page shows below it."""

    line: str
    shown: str
    session: dict[str, int]

    def run(self) -> str:
        """Give what it prints, on either stream, in the order of time; `$?` is the status of the command before."""
        before = self.session.get("status", 0)
        done = subprocess.run(
            ["bash", "-c", f"(exit {before}); {self.line}"],
            env={
                **os.environ,
                "PATH": os.pathsep.join(filter(None, (_FORKED, str(Path(sys.executable).parent), os.environ["PATH"]))),
                "COLUMNS": "100",
                "CLONE": str(Path(__file__).parents[1]),  # docs/install.md says so
                # What a page says is installed, and what this process was told to find.
                "PYTHONPATH": os.pathsep.join(filter(None, (os.getcwd(), os.environ.get("PYTHONPATH")))),
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,
        )
        self.session["status"] = done.returncode
        return done.stdout if done.stdout.endswith("\n") or not done.stdout else done.stdout + "\n"

    def is_as_shown(self, printed: str) -> bool:
        """Whether the page shows this, `...` standing for anything."""
        return _Checker().check_output(_EMPTY_LINE.sub("<BLANKLINE>\n", self.shown), printed, _OPTIONS)


def commands(text: str) -> Iterator[Command]:
    """Give the commands of a ```console block."""
    session: dict[str, int] = {}
    parts = re.split(r"^\$ ", text, flags=re.M)
    for part in parts[1:]:
        line, _, shown = part.partition("\n")
        while line.endswith("\\"):
            more, _, shown = shown.partition("\n")
            line = f"{line[:-1]}{more.removeprefix('> ')}"
        yield Command(line, shown, session)


def rewrite(path: Path) -> None:
    """Put what the commands of a page print in the place of what the page shows, where that is something else."""
    page = path.read_text(encoding="utf-8")
    for block in blocks(page):
        if block.file is not None:
            write(block)
        elif block.language == "console":
            text = block.text
            for command in commands(block.text):
                printed = command.run()
                if not command.is_as_shown(printed):
                    typed = f"$ {command.line}\n"
                    assert typed + command.shown in text, (
                        f"a command over several lines is not rewritten: {shlex.quote(typed)}"
                    )
                    text = text.replace(typed + command.shown, typed + printed, 1)
            page = page.replace(block.text, text, 1)
    path.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    sys.path[0] = ""  # as at the prompt; in the directory of this file, tests of `models` go by its name
    if sys.argv[1] == "--write":
        rewrite(Path(sys.argv[2]).resolve())
        sys.exit()
    problem = run(Path(sys.argv[1]).resolve())
    print(problem, end="")
    sys.exit(1 if problem else 0)
