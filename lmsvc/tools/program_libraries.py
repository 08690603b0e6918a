"""Imports the libraries that lmpy's programs import, and nothing of lmpy itself.

`lmsvc.tools.warm` is told to import it for tools that run these programs: a copy of the process that has the libraries
in memory becomes the program in a twentieth of the time that a new one takes. What is missing is left to the program.
"""

import contextlib

from lmsvc.tools.toolkit import load

LIBRARIES = (
    "numpy",
    "osgeo.gdal",
    "osgeo.ogr",
    "osgeo.osr",
    "matplotlib.pyplot",
    "dendropy",
    "rtree",
    "requests",
    "defusedxml.ElementTree",
    "concurrent.futures.thread",
    "argparse",
)

for library in LIBRARIES:
    with contextlib.suppress(ImportError):
        load(library)
