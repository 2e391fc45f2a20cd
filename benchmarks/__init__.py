"""What lazycell costs beside its peers: `python -m benchmarks`, or a part of it, such as `python -m benchmarks.load`.

Each measured process imports one side alone (`_lazycell`, `_plain_cells`, `_mindspore`, `_torch` or `_numpy`) and what
needs only Python and NumPy (`_work`, `_measure`, `_memory`, `_read`, `_process`): torch may live in an environment that
has nothing of lazycell's.
"""
