"""Tests of agent, slot and step runner."""
