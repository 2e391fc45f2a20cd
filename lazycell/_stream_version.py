"""Which streams these are."""

from __future__ import annotations

STREAM_VERSION = 1
"""Goes up when any seed gives any other value than before, in any law; docs/streams.md says what each version is."""
