"""What happens to a sheet between the printer and the file: one plain function a fault, page in, page out.

    printing.py  toner, photocopies            paper.py    stains, folds, tears, staples, holes, markers
    feeding.py   skew, turn, stretch, cuts     pasting.py  pieces of other sheets, two sheets at once
    glass.py     light, dirt, noise, blur      signal.py   resolution, black and white, compression

No fault changes the page that it is given. Angles are positive clockwise as seen in the scan.
"""

from tools.scansim.faults.feeding import (
    Edge,
    Pose,
    edge_shadow,
    half_cut,
    matrix,
    place,
    roomy_size,
    sheet_size,
    shift,
    skew,
    skew_whole,
    stretched_feed,
    turn,
    whole_size,
)
from tools.scansim.faults.glass import (
    blur,
    dirty_glass,
    motion_blur,
    mottled,
    noise,
    paper_tone,
    show_through,
    uneven_light,
)
from tools.scansim.faults.paper import coffee_ring, dog_ear, fold, highlighter, punch_holes, stain, staple, torn_corner
from tools.scansim.faults.pasting import cut_out, double_feed, paste, side_by_side
from tools.scansim.faults.printing import faded_toner, photocopy
from tools.scansim.faults.signal import dithered, low_resolution, ordered_dither, otsu, recompressed, threshold

__all__ = [
    "Edge",
    "Pose",
    "blur",
    "coffee_ring",
    "cut_out",
    "dirty_glass",
    "dithered",
    "dog_ear",
    "double_feed",
    "edge_shadow",
    "faded_toner",
    "fold",
    "half_cut",
    "highlighter",
    "low_resolution",
    "matrix",
    "motion_blur",
    "mottled",
    "noise",
    "ordered_dither",
    "otsu",
    "paper_tone",
    "paste",
    "photocopy",
    "place",
    "punch_holes",
    "recompressed",
    "roomy_size",
    "sheet_size",
    "shift",
    "show_through",
    "side_by_side",
    "skew",
    "skew_whole",
    "stain",
    "staple",
    "stretched_feed",
    "threshold",
    "torn_corner",
    "turn",
    "uneven_light",
    "whole_size",
]
