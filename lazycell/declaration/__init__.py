"""From a class body to a `Declaration`: the language. Needs no MindSpore."""
