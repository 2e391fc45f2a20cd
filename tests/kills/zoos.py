"""`lazycell manifest --accept` and `lazycell migrate`: after a kill the next one mends what is there."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

from lazycell import Manifest
from lazycell.cli import main
from lazycell.history._migration_files import read_migrations

from ..cli.zoo import Zoo, make_zoo
from .killing import done_in_child
from .operations import Lost, check, listing

_ATTENTION = """
from __future__ import annotations

from lazycell import LazyCell, Param


class Attention(LazyCell):
    width: int
    query: Param["normal", (width, width)]
    key: Param["normal", (width, width)]
"""

_TOY = """
from __future__ import annotations

from lazycell import LazyCell, Param, Preset, child, children, register

from .attention import Attention


class Block(LazyCell):
    width: int
    attention: Attention = child(Attention, width)
    up: Param["normal", (4 * width, width)]


PRESETS = [Preset(f"toy-{n}", {"width": 8, "layers": n}) for n in (1, 2, 3)]


@register("toy", presets=PRESETS)
class Toy(LazyCell):
    width: int
    layers: int
    blocks: list[Block] = children(layers, Block, width)
"""

RULES = {("Attention", ("query", "q")), ("Block", ("attention.{*rest}", "heads.{*rest}")), ("Block", ("up", "top"))}
"""What a migration of these renames has to say, class by class."""


class ToyZoo:
    """A zoo of three presets in two modules, whose weights have other names than their committed manifests say.

    Of the names two are of the one module, and one of the other, so that migrations are in two files. One preset is
    new, and one is gone.

    Args:
        root: an empty directory, which is put on the path of this process.
    """

    def __init__(self, root: Path) -> None:
        self._zoo: Zoo = make_zoo(root)
        self.package = self._zoo.source.parent
        self._attention = self.package / "attention.py"
        self._attention.write_text(_ATTENTION)
        self._zoo.source.write_text(_TOY)
        sys.path.insert(0, str(root))
        sys.dont_write_bytecode = True  # of a module that changes twice in a second
        self.log = root / "log"
        self.committed = root / "committed"
        self.lazycell("manifest", "--accept", "first manifests", "toy-*", "--dir", str(self.committed))
        self._attention.write_text(_ATTENTION.replace("query", "q"))
        self._zoo.replace("    attention:", "    heads:")
        self._zoo.replace("    up:", "    top:")
        self._zoo.replace("(1, 2, 3)", "(2, 3, 4)")

    def lazycell(self, *arguments: str) -> str:
        """Run a command in a child, which finds the package as it is now; give what it printed."""
        return done_in_child(lambda: run(*arguments), self.log)


def run(*arguments: str) -> None:
    """Run a command here."""
    status = main([*arguments])
    if status:
        raise SystemExit(status)


class Accepts:
    """`lazycell manifest --accept`: two manifests change, one is new, one goes."""

    def __init__(self, zoo: ToyZoo) -> None:
        self._zoo = zoo
        self._old = _texts(zoo.committed)
        done = zoo.committed.with_name("accepted")
        shutil.copytree(zoo.committed, done)
        zoo.lazycell(*self._command("the first", done))
        self._new = _texts(done)
        assert self._new.keys() == {"toy-2.json", "toy-3.json", "toy-4.json"}
        assert all(self._old.get(name) != text for name, text in self._new.items())

    def prepare(self, directory: Path, number: int) -> None:
        """Put what is committed into the directory."""
        shutil.copytree(self._zoo.committed, directory, dirs_exist_ok=True)

    def act(self, directory: Path, number: int) -> None:
        """Accept."""
        run(*self._command("the first", directory))

    def examine(self, directory: Path, number: int) -> str:
        """Each manifest is the old one or the new one; the log says nothing before all are new."""
        now = _texts(directory)
        for name in {*self._old, *self._new}:
            check(now.get(name) in (self._old.get(name), self._new.get(name)), f"{name}: {now.get(name)!r:.200}")
        log = _log(directory)
        check(log.startswith(_log(self._zoo.committed)), f"the log has lost something: {log}")
        state = "old" if now == self._old else "new" if now == self._new else "between"
        check("the first" not in log.split("first manifests")[1] or state == "new", f"{state}, and the log says: {log}")
        return state

    def again(self, directory: Path, number: int) -> None:
        """Accept with another reason: all is accepted, each preset once; the first reason is kept if it was begun."""
        was = self.examine(directory, number)
        self._zoo.lazycell(*self._command("the second", directory))
        check(_texts(directory) == self._new, f"not accepted: {listing(directory)}")
        check(set(listing(directory)) == {*self._new, "CHANGES.md"}, f"left over: {listing(directory)}")
        added = _log(directory).removeprefix(_log(self._zoo.committed))
        check(added.count(": the first") + added.count(": the second") == 1, f"another log: {added}")
        check(was == "old" or ": the first" in added, f"the reason is lost: {added}")
        for preset in ("toy-1", "toy-2", "toy-3", "toy-4"):
            check(added.count(f"- `{preset}`: ") == 1, f"{preset} is not once in the log: {added}")

    def _command(self, reason: str, directory: Path) -> tuple[str, ...]:
        return ("manifest", "--accept", reason, "toy-*", "--dir", str(directory), "--without-migration")


class Migrates:
    """`lazycell migrate`: of two classes in two modules, whose migrations are in two files."""

    def __init__(self, zoo: ToyZoo) -> None:
        self._zoo = zoo
        self._files = [zoo.package / f"{name}.migrations.json" for name in ("attention", "toy")]

    def prepare(self, directory: Path, number: int) -> None:
        """Take the migrations away, or, the other time, have some that are older."""
        for file in self._files:
            file.unlink(missing_ok=True)
        if number % 2:
            self._files[1].write_text(json.dumps(_OLDER))

    def act(self, directory: Path, number: int) -> None:
        """Keep the names."""
        run(*self._command())

    def examine(self, directory: Path, number: int) -> str:
        """Each file is as it was, or has what it is to have."""
        found = [{rule for rule in self._rules(file) if rule[0] != "Old"} for file in self._files]
        wanted = [
            {rule for rule in RULES if (rule[0] == "Attention") == (file is self._files[0])} for file in self._files
        ]
        check(not number % 2 or ("Old", ("a", "b")) in self._rules(self._files[1]), "an older migration is lost")
        check(all(each in (set(), all_) for each, all_ in zip(found, wanted, strict=True)), f"a part: {found}")
        return "old" if not any(found) else "new" if all(found) else "between"

    def again(self, directory: Path, number: int) -> None:
        """Keep them once more: each rule is there, and checkpoints of before load."""
        told = json.loads(self._zoo.lazycell(*self._command(), "--json"))
        check(told["loads"] and not told["orphaned"], f"a checkpoint of before does not load: {told}")
        check(self.examine(directory, number) == "new", "a migration is missing")
        hidden = [name for name in listing(self._zoo.package) if name.startswith(".")]
        check(not hidden, f"left over: {hidden}")

    def _command(self) -> tuple[str, ...]:
        return ("migrate", "toy-2", "--reason", "as in the paper", "--dir", str(self._zoo.committed))

    def _rules(self, file: Path) -> set[tuple[str, tuple[str, str]]]:
        return {(each.cell, rule) for each in read_migrations(file) for rule in each.rename.items()}


_OLDER = {
    "format": "lazycell.migrations",
    "version": 1,
    "migrations": [{"cell": "Old", "created": "2026-01-01T00:00:00Z", "reason": "long ago", "rename": {"a": "b"}}],
}


def _texts(directory: Path) -> dict[str, str]:
    """Give the manifests in a directory, all of which can be read."""
    texts = {path.name: path.read_text() for path in directory.glob("[!.]*.json")}
    for name, text in texts.items():
        try:
            Manifest.from_json(text)
        except ValueError as error:
            raise Lost(f"{name}: {error}") from error
    return texts


def _log(directory: Path) -> str:
    return (directory / "CHANGES.md").read_text()
