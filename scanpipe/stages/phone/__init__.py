"""A picture that somebody took of a page in, the page upright and as if it had been scanned out: where on it is the paper?

`rectify` takes the perspective out by the codes on the page, whose places are known, or, on plain paper, by the outline of the
sheet against what it lies on, and evens the light. What cannot be rectified with certainty stays as it came, with the reason.
`advise` says what a person could do better with the next picture; it never refuses one.

    finding.py  where the paper is: codes, outline      warping.py  the page taken out of the picture
    lighting.py shadows evened                          advising.py advice with what was measured, and its sentences
"""

from scanpipe.stages.phone.advising import ADVICE, Advice, Advised, advise
from scanpipe.stages.phone.rectifying import How, Rectified, rectify

__all__ = ["ADVICE", "Advice", "Advised", "How", "Rectified", "advise", "rectify"]
