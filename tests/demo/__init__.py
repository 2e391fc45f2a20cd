"""Tests of `lazycell.demo`."""
