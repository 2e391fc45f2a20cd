"""What installed packages announce. Its import takes 20 ms, which whoever does not ask need not pay."""

from importlib.metadata import entry_points as entry_points
