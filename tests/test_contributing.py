"""What a contributor is told to type is there: the verbs of the justfile, in CONTRIBUTING, in CI and before a commit."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent


def verbs() -> dict[str, str]:
    """Give what each verb of the justfile does."""
    recipes = re.findall(r"^(\w+)(?: \*\w+)?:\n((?:    .+\n)+)", (ROOT / "justfile").read_text(), re.MULTILINE)
    return dict(recipes)


def test_the_verbs_of_the_guide_are_those_of_the_justfile() -> None:
    """All but the one that lists the others, and no other."""
    guide = (ROOT / "CONTRIBUTING.md").read_text()
    assert set(re.findall(r"\bjust (\w+)", guide)) == set(verbs()) - {"default"}


def test_ci_calls_verbs_of_the_justfile() -> None:
    """Not commands of its own, which would say something else one day."""
    ci = (ROOT / ".ci" / "run").read_text()
    (called,) = re.findall(r"^SITE=.* just (.+)$", ci, re.MULTILINE)
    assert set(called.split()) == {"lint", "types", "manifests", "docs"} <= set(verbs())
    assert [
        tool for tool in ("ruff", "mypy", "mkdocs", "towncrier") if re.search(rf"^{tool}\b", ci, re.MULTILINE)
    ] == []


def test_a_warning_about_the_documentation_fails() -> None:
    """`mkdocs build --strict` counts the warnings that it writes: with `--quiet` it writes none, and passes."""
    (build,) = re.findall(r"mkdocs build .+", verbs()["docs"])
    assert "--strict" in build
    assert "--quiet" not in build


def test_the_site_s_keys_stand_once() -> None:
    """Of a key that two branches added, YAML takes the last without a word, and a hook or a list is gone."""
    keys = re.findall(r"^(\w+):", (ROOT / "mkdocs.yml").read_text(), re.MULTILINE)
    assert [key for key in keys if keys.count(key) > 1] == []


def test_what_runs_before_a_commit_are_the_project_s_own_tools() -> None:
    """Those of the verbs, from the environment: a version that stands in two places differs one day."""
    hooks = (ROOT / ".pre-commit-config.yaml").read_text()
    commands = re.findall(r"entry: (.+)", hooks)
    assert re.findall(r"repo: (.+)", hooks) == ["local"]
    assert set(re.findall(r"language: (.+)", hooks)) == {"system"}
    lines = (verbs()["lint"] + verbs()["types"]).replace(" --check", "")
    for command in commands:
        assert f"    {command.partition(' --')[0]}" in lines


def test_what_waits_for_the_next_version_has_a_name_that_is_read() -> None:
    """`towncrier` joins files of these names; each has one sentence to give."""
    for path in (ROOT / "changelog.d").iterdir():
        if path.name not in ("README.md", "_template.md"):
            assert re.fullmatch(r"[\w-]+\.(added|changed|fixed)\.md", path.name), path.name
            assert path.read_text().rstrip().endswith("."), path.name
