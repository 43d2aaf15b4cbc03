"""What the running program tells machines: a structured log, numbers for Prometheus, traces for OpenTelemetry.

No candidate, no name and no number of one is in any of it: scans and pages go by their ids.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from scanpipe.faults import ConfigFault


def open_traces() -> Any:
    """A `traces.Traces`, loaded by name: it is optional, and slow to load. Raises ConfigFault where it is not installed."""
    try:
        return import_module("scanpipe.telling.traces").Traces()
    except ImportError as e:
        raise ConfigFault(f"metrics.traces needs a package: {e}", "Install it: pip install 'scanpipe[traces]'.") from e
