"""A simulated phone: printed sheets or plain paper in, pictures of them on a table out, and where their corners are.

    camera.py   where the phone is held, and a sheet (flat or curled) as it sees it
    tables.py   what the sheet lies on       light.py    lamps, hands' shadows, lens and sensor
    shots.py    whole pictures: one room to tune with, another to report on

Everything is a function of its arguments and a numpy Generator: one seed, one picture.
"""
