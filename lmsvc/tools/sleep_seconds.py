"""Sleep, hold memory, write a text, end with an exit code: a tool to try limits and failures with."""

import json
import sys
import time
from pathlib import Path

PAGE_BYTES = 4096
MEGABYTE = 1_000_000


def main() -> int:
    """Do what ``inputs.json`` says and give the exit code it asks for."""
    inputs = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    memory = bytearray(inputs["memory_mb"] * MEGABYTE)
    memory[::PAGE_BYTES] = b"x" * len(range(0, len(memory), PAGE_BYTES))
    sys.stdout.write(f"sleeping for {inputs['seconds']:g} s\n")
    sys.stdout.flush()
    time.sleep(inputs["seconds"])
    Path("text.txt").write_text(inputs["text"], encoding="utf-8")
    if inputs["exit_code"]:
        sys.stderr.write(f"sleep_seconds was told to end with exit code {inputs['exit_code']}\n")
    return int(inputs["exit_code"])


if __name__ == "__main__":
    sys.exit(main())
