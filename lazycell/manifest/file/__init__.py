"""A manifest as JSON: one text for one manifest, and read back. Needs no MindSpore."""
