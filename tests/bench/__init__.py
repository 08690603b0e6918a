"""Tests of the bench: it computes what it says."""
