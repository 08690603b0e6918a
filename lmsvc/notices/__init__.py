"""Tells people that a job is over, or that its results go soon: by webhook and by mail."""
