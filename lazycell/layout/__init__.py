"""Names and forms in a file against names and shapes in a net. Needs no MindSpore."""
