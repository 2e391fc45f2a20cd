"""What a cell keeps of the text that it has read: keys and values, which no checkpoint has and memory has to hold."""

from __future__ import annotations

import sys
from typing import Any

from .._errors import DeclarationError
from .._location import message, user_location
from ._declare import CacheSpec, note_unnamed
from ._symbols import render


def key_value_cache(heads: Any, size: Any, *, value_size: Any = None, window: Any = None, source: bool = False) -> Any:
    """Declare a cache of keys and values: `key_values = key_value_cache(kv_heads, head_dim, window=window)`.

    It makes nothing. `Manifest.sizes(length=…)`, `lazycell show --length` and the page of a model count with it: each
    text has `heads * (size + value_size)` numbers for each position, in the cell's dtype.

    Args:
        heads: how many heads keys and values have: of grouped queries those of the keys, not of the queries.
        size: of a key, and of a value.
        value_size: of a value, where it has another.
        window: how many positions are kept at most, the newest; None: all.
        source: whether the positions are those of another text, which an encoder has read.

    Returns:
        The declaration; in an instance no attribute of this name.

    Raises:
        DeclarationError: `source` is neither True nor False.
    """
    if not isinstance(source, bool):
        text = f"source={render(source)} is neither True nor False: declare what depends on a condition in when(…)"
        raise DeclarationError(message("", text, user_location()))
    spec = CacheSpec(
        heads=heads, size=size, value_size=value_size, window=window, source=source, location=user_location()
    )
    note_unnamed(spec, sys._getframe(1))
    return spec
