"""One self-contained page to look at a model with: a tree of its parameters beside a map of their bytes."""
