"""Tests of repositories of the hub: their cache, and the real client against a server on this machine."""
