"""Killing what changes files: saves, also by several ranks of which one is killed, conversions, `lazycell manifest --accept`, `lazycell migrate`; and loads by several ranks, which change nets.

Children are forked from one process that has imported everything, killed at random moments of what they do, and what they
leave is looked at. pytest kills each a few times; a thousand times:

    python -m tests.kills --times 1000
"""
