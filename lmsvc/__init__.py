"""lmsvc: JSON jobs to Makeflow workflows to pools of Work Queue workers."""

__version__ = "0.1.0"
