"""Tests of `lazycell.show`."""
