"""Tests of Ansible plugins."""
