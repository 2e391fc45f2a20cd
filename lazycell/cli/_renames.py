"""Renames on the command line: `OLD=NEW`, or a file of them."""

from __future__ import annotations

from pathlib import Path

import click

from .. import layout, system


def rules_of(renames: tuple[str, ...]) -> dict[str, str]:
    """Take each `OLD=NEW` apart.

    Raises:
        click.UsageError: one is no such pair, or two contradict each other.
    """
    rules: dict[str, str] = {}
    for text in renames:
        old, equals, new = text.partition("=")
        if not (old and equals and new):
            raise click.UsageError(f'--rename {text}: write OLD=NEW, as in --rename "encoder.{{*rest}}=bert.{{*rest}}"')
        if rules.setdefault(old, new) != new:
            raise click.UsageError(f"--rename {text}: {old} is renamed twice, to {rules[old]} as well")
    return rules


def checked(rules: dict[str, str]) -> dict[str, str] | None:
    """Give rules that mean something, or None where there are none.

    Raises:
        click.UsageError: a rule is none: a name is made of captures that are not there.
    """
    if not rules:
        return None

    try:
        layout.parse_rules(rules)
    except ValueError as error:
        raise click.UsageError(f"--rename: {str(error).removeprefix('rename: ')}") from None
    return rules


def rules_in(path: Path | None) -> dict[str, str]:
    """Read `{"OLD": "NEW"}` from a file; without one there are no rules.

    Raises:
        click.UsageError: the file is no JSON object of names.
    """
    if path is None:
        return {}

    try:
        found = system.read_object(system.read_bounded(path))
    except system.JSONProblem as problem:
        raise click.UsageError(f"--rename-file {path} {problem}") from None
    for old, new in found.items():
        if not isinstance(new, str):
            raise click.UsageError(f"--rename-file {path}: {old!r} becomes {new!r:.80}, which is no name")
    return found
