"""Where things lie that the bench uses."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOLS = Path(__file__).resolve().parent / "tools"
PROGRAMS = ROOT / ".venv" / "bin"
