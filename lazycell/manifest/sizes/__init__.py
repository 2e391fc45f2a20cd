"""How much memory a model takes, before anything is built. Needs no MindSpore."""
