"""`scanpipe bench`: the real program against what codecs alone cost and against the script of an afternoon, in one run.

pages.py      seeded scans of really printed sheets      printing.py  the installation that knows the sheets
floor.py, textbook.py  what it is compared with          product.py   the real program
measure.py    a command in, what it cost out             comparing.py who runs when, on what
figures.py    costs in, ratios out                       profile.py   CPU by stage
report.py     the tables                                 machine.py   what it ran on
"""
