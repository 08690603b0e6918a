"""Takes jobs, plans them, runs their makeflows, allocates slots, packages outputs."""
