"""A zoo of declared models: one file a family, on the layers of `models.layers`, with lazycell's public names alone."""
