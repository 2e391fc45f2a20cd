"""From bytes in files to arrays in memory: maps, parallel reads, conversion. Needs no MindSpore."""
