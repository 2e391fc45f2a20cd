"""Tests of lazycell.streams."""
