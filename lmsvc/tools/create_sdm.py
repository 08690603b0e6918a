"""Model a species' distribution: Maxent where there are enough records, a range model where there are few."""

from typing import Any

import numpy as np

from lmsvc.tools.rasters import read_stack, write_percentages
from lmsvc.tools.sdm_data import Presences, read_presences
from lmsvc.tools.sdm_maxent import Fitted, NoModel, fit
from lmsvc.tools.sdm_range import ecoregion_range, hull_range
from lmsvc.tools.toolkit import Inputs, Outputs, ToolError, load, output_file, run_tool, write_json

Report = dict[str, Any]


def tool(inputs: Inputs) -> Outputs:
    """Model the species and write raster and report."""
    presences = read_presences(inputs)
    report: Report = {
        "species": presences.label,
        "records": len(presences.places),
        "points_used": len(presences.cells),
        "layers": presences.layers,
        "seed": inputs.integer("seed"),
    }
    try:
        outputs = model_with_maxent(inputs, presences, report)
    except NoModel as problem:
        outputs = model_range(inputs, presences, report, str(problem))
    write_json("report.json", report)
    return {**outputs, "report": output_file("report.json", presences.label)}


def model_with_maxent(inputs: Inputs, presences: Presences, report: Report) -> Outputs:
    """Fit Maxent, map it, and project it onto the other layers where there are some."""
    least, have = inputs.integer("min_points"), len(presences.cells)
    if have < least:
        raise NoModel(f"{have} different places with data are fewer than min_points ({least})")
    if inputs.text("engine") == "maxent_jar":
        return model_with_jar(presences, report)
    fitted = fit(presences, inputs.integer("seed"), inputs.integer("background_points"))
    report.update(method="maxent (elapid)", auc=round(fitted.auc, 4), reason=None)
    report["layers_used"] = [presences.layers[layer] for layer in fitted.used]
    write_percentages("model.tif", fitted.suitability(presences.stack, presences.valid), presences.frame)
    outputs = {"model": output_file("model.tif", presences.label)}
    if inputs.files("projection_layers"):
        project(inputs, fitted, len(presences.layers))
        outputs["projection"] = output_file("projection.tif", presences.label)
    return outputs


def model_with_jar(presences: Presences, report: Report) -> Outputs:
    """Let Maxent's own program fit and map the model."""
    values, auc = load("lmsvc.tools.sdm_jar").fit_with_jar(presences)
    report.update(method="maxent (maxent.jar)", auc=round(auc, 4), reason=None, layers_used=presences.layers)
    write_percentages("model.tif", values, presences.frame)
    return {"model": output_file("model.tif", presences.label)}


def project(inputs: Inputs, fitted: Fitted, layers: int) -> None:
    """Map the model on other layers, for example of another climate."""
    sources = inputs.files("projection_layers")
    if len(sources) != layers:
        raise ToolError(f"{len(sources)} projection_layers but {layers} layers: give the same ones in the same order")
    frame, stack = read_stack(sources)
    valid = ~np.isnan(stack).any(axis=0)
    write_percentages("projection.tif", fitted.suitability(stack, valid), frame)


def model_range(inputs: Inputs, presences: Presences, report: Report, reason: str) -> Outputs:
    """Draw the range of a species with few records."""
    ecoregions = inputs.optional_file("ecoregions")
    report.update(method="convex hull", auc=None, reason=reason)
    values = None
    if ecoregions:
        try:
            values = ecoregion_range(presences, ecoregions)
            report["method"] = "rare species (convex hull and ecoregions)"
        except ToolError as error:
            report["reason"] = f"{reason}; ecoregions not used: {error}"
    if values is None:
        values = hull_range(presences, inputs.number("buffer"))
    write_percentages("model.tif", values, presences.frame)
    return {"model": output_file("model.tif", presences.label)}


if __name__ == "__main__":
    run_tool(tool)
