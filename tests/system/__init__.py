"""Tests of `lazycell.system`."""
