"""Tests of `lazycell.mesh`."""
