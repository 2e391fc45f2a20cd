"""From arrays to a checkpoint on disk: whole or not at all, with checksums. Needs no MindSpore."""
