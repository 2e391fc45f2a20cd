"""Tests of `lazycell.manifest.diff`."""
