"""Other alphas for some modules, by regular expressions of a stranger's that may cost no more than they are worth."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from ..._errors import ConfigError
from ..._frozen import frozen

_LONGEST = 1000
_SIMPLE = re.compile(r"\^?(?:[^\\^$.|?*+()\[\]{}]|\.|\\[.\-_])+\$?")
"""What repeats nothing and has no choices: it is matched in time that its length and the name's bound."""


@frozen
class AlphaPattern:
    """The `alpha_pattern` of a config.

    Attributes:
        alphas: by pattern; the first that matches the end of a module's name after a dot, or all of it, counts
            (`peft/utils/other.py`, `get_pattern_key`).
        whole: all of the name has to match.
    """

    alphas: Mapping[str, float] = {}
    whole: bool = False

    def checked(self, path: Path) -> AlphaPattern:
        """Give it, if its patterns are such that it can be asked.

        Raises:
            ConfigError: one is not.
        """
        for key in self.alphas:
            if len(key) > _LONGEST:
                raise ConfigError(f"{path}: a pattern of alpha_pattern has {len(key):,} characters: at most {_LONGEST}")
            try:
                re.compile(key)
            except (re.error, RecursionError, OverflowError) as error:
                raise ConfigError(
                    f"{path}: alpha_pattern has {key!r:.80}, which is no regular expression: {error}"
                ) from None
            if _SIMPLE.fullmatch(key) is None:
                raise ConfigError(
                    f"{path}: alpha_pattern has {key!r:.80}: lazycell reads names, in which a dot stands for any "
                    "character, with `^` before and `$` behind: write a key for each name"
                )
        return self

    def alpha_of(self, module: str, default: float, path: Path) -> float:
        """Give the alpha of a module."""
        for key, alpha in self.alphas.items():
            if re.match(rf"(.*\.)?({key})$", module):
                return alpha
        return default
