"""From a directory to a model: which class, which hyperparameters, which weights."""
