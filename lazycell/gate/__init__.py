"""What is committed against what is now: manifests, and checkpoints of before. Needs no MindSpore."""
