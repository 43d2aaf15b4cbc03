"""Settings: read once, into a frozen object, each value with the place it came from.

In rising precedence: the default below, the TOML file (`--config` or SCANPIPE_CONFIG), the environment
(SCANPIPE__SECTION__KEY). A misspelled key or variable is an error that says what was probably meant.
`config/scanpipe.toml` has every key with a comment; a test keeps the two in step.
"""

from __future__ import annotations

from scanpipe.settings.loading import Value, load_settings, variable
from scanpipe.settings.sections import Settings, SourceSettings

__all__ = ["Settings", "SourceSettings", "Value", "load_settings", "variable"]
