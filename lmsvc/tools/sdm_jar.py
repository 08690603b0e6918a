"""Maxent's own program, where a site has its jar: the environment variable MAXENT_JAR names it."""

import csv
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
from osgeo import gdal

from lmsvc.tools.rasters import Frame, in_memory
from lmsvc.tools.sdm_data import Presences
from lmsvc.tools.tables import write_rows
from lmsvc.tools.toolkit import ToolError

LAYERS, RESULTS, SAMPLES = Path("maxent_layers"), Path("maxent_results"), Path("maxent_samples.csv")
MISSING = -9999.0
HEAP_MB = 700


def find_jar() -> str:
    """Give the path of the jar.

    Raises:
        ToolError: this site has none.
    """
    jar = os.environ.get("MAXENT_JAR", "")
    if not Path(jar).is_file():
        raise ToolError("this site has no maxent.jar (the variable MAXENT_JAR names it): use the engine 'elapid'")
    return jar


def fit_with_jar(presences: Presences) -> tuple[np.ndarray, float]:
    """Give the suitability in percent (NaN where there are no data) and the training AUC.

    Raises:
        ToolError: there is no jar, or the program failed.
    """
    jar = find_jar()
    _write_inputs(presences)
    options = [
        f"samplesfile={SAMPLES}",
        "-e",
        str(LAYERS),
        "-o",
        str(RESULTS),
        "nowarnings",
        "nocache",
        "autorun",
        "-z",
    ]
    home = f"-Duser.home={Path.cwd()}"  # Java keeps preferences there
    command = ["java", f"-Xmx{HEAP_MB}m", home, "-Djava.awt.headless=true", "-cp", jar, "density.MaxEnt", *options]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    model = RESULTS / "taxon.asc"
    if not model.exists():  # its exit code is 0 even when it fails
        sys.stderr.write(ended.stdout + ended.stderr)
        raise ToolError("maxent.jar made no model; its output is above")
    values = gdal.Open(str(model)).ReadAsArray().astype(float)
    return np.where(presences.valid & (values != MISSING), 100 * values, np.nan), _auc()


def _write_inputs(presences: Presences) -> None:
    LAYERS.mkdir()
    RESULTS.mkdir()
    write_rows(SAMPLES, [("species", "x", "y"), *(("taxon", *place) for place in presences.places)])
    for number, values in enumerate(presences.stack):
        _write_ascii(LAYERS / f"layer{number:03}.asc", values, presences.frame)


def _write_ascii(path: Path, values: np.ndarray, frame: Frame) -> None:
    raster = in_memory(frame, gdal.GDT_Float32)
    raster.GetRasterBand(1).SetNoDataValue(MISSING)
    raster.GetRasterBand(1).WriteArray(np.nan_to_num(values, nan=MISSING))
    gdal.GetDriverByName("AAIGrid").CreateCopy(str(path), raster)


def _auc() -> float:
    with (RESULTS / "maxentResults.csv").open(encoding="utf-8", newline="") as lines:
        return float(next(csv.DictReader(lines))["Training AUC"])
