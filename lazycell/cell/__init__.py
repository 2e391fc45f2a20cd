"""From a declaration to a cell: the metaclass, building, and carrying out load plans."""
