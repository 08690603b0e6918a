"""Tests of the tool programs, run in the tools environment."""
