"""From a manifest and headers to a `LoadPlan`, and from that to arrays. Needs no MindSpore."""
