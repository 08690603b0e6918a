"""From a job document to stages, tasks and allocations: pure functions."""
