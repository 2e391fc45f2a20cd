"""Tests of `lazycell.manifest.file`."""
