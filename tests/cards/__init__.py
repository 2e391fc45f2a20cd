"""Tests for model cards."""
