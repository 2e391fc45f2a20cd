"""Tests of `lazycell.sources`."""
