"""A scan of the calibration sheet, or of any printed sheet, in; what it says of printer and scanner out."""

from scanpipe.stages.calibration.findings import Finding, findings
from scanpipe.stages.calibration.measure import Calibration, Unmeasured, calibrate

__all__ = ["Calibration", "Finding", "Unmeasured", "calibrate", "findings"]
