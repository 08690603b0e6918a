"""The shipped tools: one YAML description and one small program each.

A tool is run as ``python3 -m lmsvc.tools.<name> inputs.json`` in the tools environment. The programs
use the standard library; numpy, GDAL, DendroPy, matplotlib and elapid are imported where they are needed.
lmpy is only ever started as a program.
"""
