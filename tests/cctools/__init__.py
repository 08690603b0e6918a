"""Tests of the CCTools adapters."""
