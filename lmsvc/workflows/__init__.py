"""Workflow templates: parameters that a person fills in, and the job document they make."""
