"""Tests of playbooks, roles and inventories."""
