"""Tests of a whole running service."""
