"""Fuzzing of the parsers that read what strangers wrote: safetensors' header, MindSpore's `.ckpt`, PyTorch's files, both
indices, and manifests.

pytest runs every target for a share of half a minute (`LAZYCELL_FUZZ_SECONDS` sets another total); longer:

    python -m tests.fuzz [target ...] --minutes 10

A failing input is made small, saved, and named.
"""
