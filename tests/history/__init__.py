"""Tests of `lazycell.history`."""
