"""Tests of `lazycell.gate`."""
