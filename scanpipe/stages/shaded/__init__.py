"""A generic sheet: what is shaded on it, whose sheet it makes this, and which codes are likely where that is not clear."""

from scanpipe.shaded_codes import Coded
from scanpipe.stages.shaded.likely import Likely, most_likely
from scanpipe.stages.shaded.naming import evidence_of, name
from scanpipe.stages.shaded.shading import Shaded, read_shading

__all__ = ["Coded", "Likely", "Shaded", "evidence_of", "most_likely", "name", "read_shading"]
