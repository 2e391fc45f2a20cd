"""Tests of `lazycell.layout`."""
