"""From the shapes in a checkpoint to the hyperparameters of a class. Needs no MindSpore."""
