"""scanpipe files scanned exam sheets into the right answer slot. Read `pipeline.py` first."""

__version__ = "0.1.0"
