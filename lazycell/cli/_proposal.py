"""What is proposed to a shell for the word that is being typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


def proposal(value: str, kind: str = "plain", about: str | None = None) -> CompletionItem[str]:
    """Propose a word, or what the shell itself lists; some shells show what is said about it."""
    from click.shell_completion import CompletionItem  # few complete

    return CompletionItem(value, type=kind, help=about)
