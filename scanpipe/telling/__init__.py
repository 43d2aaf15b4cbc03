"""What the running program tells machines: a structured log, numbers for Prometheus, traces for OpenTelemetry.

No candidate, no name and no number of one is in any of it: scans and pages go by their ids.
"""
