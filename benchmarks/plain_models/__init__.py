"""Models of other projects that know nothing of lazycell, built, saved, loaded and run with it and without."""
