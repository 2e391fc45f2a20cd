"""What lazycell costs beside its peers: `python -m benchmarks.load`.

Each measured process imports one side alone (`_lazycell`, `_mindspore` or `_torch`) and what needs only Python and
NumPy (`_work`, `_memory`, `_process`): torch may live in an environment that has nothing of lazycell's.
"""
