"""Tests of the planner and of the sharing of slots."""
