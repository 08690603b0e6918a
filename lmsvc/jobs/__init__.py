"""The job document, tools, datasets and states: pure values, no I/O."""
