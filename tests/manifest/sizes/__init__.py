"""Tests of `lazycell.manifest.sizes`."""
