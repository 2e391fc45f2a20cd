"""The demo: a real checkpoint, sentences, and what laziness saves."""
