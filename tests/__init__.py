"""Tests: real programs, real files, real databases."""
