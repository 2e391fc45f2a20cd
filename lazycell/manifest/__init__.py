"""From a declaration and hyperparameters to a `Manifest`, with nothing built. Needs no MindSpore."""
