"""Well-known sizes of the models, one file a family: hyperparameters and where they come from."""
