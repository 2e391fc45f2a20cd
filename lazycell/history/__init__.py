"""What a name was: migrations, from the class that keeps them to the names they give. Needs no MindSpore."""
