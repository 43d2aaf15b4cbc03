"""A simulated scanner for development: printed sheets in, scans with drawings and the faults of scanners and people out.

    paper.py      PDF → pixels                 pens.py      what candidates draw
    faults.py     what happens to a sheet      formats.py   pixels → files
    feeding.py    leaves of paper → pages, on one side or both
    profiles.py   whole scans: `office`, and what goes wrong in each way

Everything is a function of its arguments and a numpy Generator: one seed, one scan. Pictures are uint8, (height, width) gray or
(height, width, 3) RGB. Angles are positive when the page stands turned clockwise.
"""
