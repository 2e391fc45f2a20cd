"""Text for people: tables, units, names that stand for many, HTML for notebooks. Needs no MindSpore."""
