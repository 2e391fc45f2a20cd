"""What can be the id of a repository, and what a revision."""

from __future__ import annotations

import pytest
from huggingface_hub.errors import HFValidationError
from huggingface_hub.utils import validate_repo_id

from lazycell.hub import check_revision, command_for, gguf_file_at, is_repository, repository_at

IDS = ["Qwen/Qwen3-0.6B", "gpt2", "bert-base-uncased", "a/b", "a_b/c.d-e", "org/" + "n" * 96]

NONE = [
    "",
    "a/b/c",
    "/a/b",
    "./a",
    "../a",
    "a/",
    "~/a",
    ".a",
    "a--b",
    "a..b",
    "a b",
    "a/-b",
    "a.",
    "org/a.git",
    "o/" + "n" * 97,
]


@pytest.mark.parametrize("text", IDS)
def test_an_id_is_one(text: str) -> None:
    """As the client has it."""
    assert is_repository(text)
    validate_repo_id(text)


@pytest.mark.parametrize("text", NONE)
def test_what_the_client_refuses_is_none(text: str) -> None:
    """So that no path is asked for on the network."""
    assert not is_repository(text)
    with pytest.raises(HFValidationError):
        validate_repo_id(text)


def test_letters_are_those_of_ascii() -> None:
    """The client refuses others in its later versions; where it does not, the hub has no such names."""
    assert not is_repository("é/a")


@pytest.mark.parametrize(
    "text", ["model.safetensors", "model/net.ckpt", "a/pytorch_model.bin", "m.json", "q.gguf", "m.py"]
)
def test_the_name_of_a_file_is_none(text: str) -> None:
    """Whoever mistypes the path of a file means no repository."""
    assert not is_repository(text)


@pytest.mark.parametrize(
    ("address", "repository"),
    [
        ("https://huggingface.co/Qwen/Qwen3-0.6B", "Qwen/Qwen3-0.6B"),
        ("https://huggingface.co/Qwen/Qwen3-0.6B/tree/main", "Qwen/Qwen3-0.6B"),
        ("hf://Qwen/Qwen3-0.6B/config.json", "Qwen/Qwen3-0.6B"),
        ("https://example.org/Qwen/Qwen3-0.6B", None),
        ("models/Qwen/Qwen3-0.6B", None),
    ],
)
def test_an_address_tells_the_id(address: str, repository: str | None) -> None:
    """As people copy it from a browser."""
    assert repository_at(address) == repository


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("org/net-GGUF/net-Q8_0.gguf", ("org/net-GGUF", "net-Q8_0.gguf")),
        ("org/net-GGUF/BF16/net-00001-of-00002.gguf", ("org/net-GGUF", "BF16/net-00001-of-00002.gguf")),
        ("https://huggingface.co/org/net/blob/main/a b.gguf", ("org/net", "a b.gguf")),
        ("https://huggingface.co/org/net/resolve/v1/Q4/a.gguf", ("org/net", "Q4/a.gguf")),
        ("hf://org/net/a.gguf", ("org/net", "a.gguf")),
        ("net/a.gguf", None),
        ("./org/net/a.gguf", None),
        ("/org/net/a.gguf", None),
        ("org/a--b/a.gguf", None),
        ("org/net/a.safetensors", None),
        ("https://example.org/org/net/a.gguf", None),
    ],
)
def test_a_file_of_gguf_in_a_repository(text: str, found: tuple[str, str] | None) -> None:
    """As people name one of several quantizations."""
    assert gguf_file_at(text) == found


@pytest.mark.parametrize("revision", [None, "main", "v1.0", "refs/pr/1", "feature/x", "a" * 40])
def test_a_revision_is_one(revision: str | None) -> None:
    """A branch, a tag, a pull request, a commit."""
    check_revision(revision)


@pytest.mark.parametrize("revision", ["", "../main", "a//b", "/a", "a/.", "a\n", "a" * 300])
def test_what_git_does_not_have_is_no_revision(revision: str) -> None:
    """It is a file's name in the cache."""
    with pytest.raises(ValueError, match="is no branch, tag or commit"):
        check_revision(revision)


def test_a_revision_is_text() -> None:
    """A number is none."""
    with pytest.raises(TypeError, match="revision has to be a branch, a tag or a commit, as text, not 1"):
        check_revision(1)


def test_the_command_can_be_pasted() -> None:
    """With the revision, in quotes where a shell needs them."""
    assert command_for("a/b", None) == "hf download a/b"
    assert command_for("a/b", "it's") == "hf download a/b --revision 'it'\"'\"'s'"
