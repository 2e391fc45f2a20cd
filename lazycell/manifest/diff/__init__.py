"""What differs between two manifests. Needs no MindSpore."""
