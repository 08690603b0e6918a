"""Write a text to a file: the smallest tool there is, for first steps and for tests."""

import json
import sys
from pathlib import Path

if __name__ == "__main__":
    Path("text.txt").write_text(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["text"], encoding="utf-8")
