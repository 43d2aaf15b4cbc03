"""What is expected of a test and what was received in, the differences and the figures out: is anything missing?"""

from scanpipe.stages.completeness.books import Books
from scanpipe.stages.completeness.compare import compare
from scanpipe.stages.completeness.figures import Figures, add_up
from scanpipe.stages.completeness.told import Arrival, Counted, Declared, Found, Told
from scanpipe.stages.completeness.whole import Standing, stand

__all__ = [
    "Arrival",
    "Books",
    "Counted",
    "Declared",
    "Figures",
    "Found",
    "Standing",
    "Told",
    "add_up",
    "compare",
    "stand",
]
