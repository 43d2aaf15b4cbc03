"""One room per step of the journey. Pure: no disk, no settings, no logging. `pipeline.py` strings them together."""
