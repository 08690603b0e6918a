"""What runs on worker hosts: agent, slot, step runner. Standard library alone."""
