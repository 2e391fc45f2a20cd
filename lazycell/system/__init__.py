"""What the machine gives: threads, files, memory, JSON within bounds. Needs no MindSpore."""
