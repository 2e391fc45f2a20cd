"""Models that run: what `benchmarks.run` measures. Each side is a module of its own, imported in a process of its own.

`_zoo` is lazycell's, `_transformers` the peer on torch, `_plain` the same models written by hand with MindSpore's own
cells (`_plain_llama`, `_plain_bert`). All of them have `language_model`, `encoder` and `trainer`, which take a `Task`
and a mode, load the checkpoint, and give a function from NumPy arrays to NumPy arrays.
"""
