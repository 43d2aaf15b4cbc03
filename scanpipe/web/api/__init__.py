"""The API, `/api/v1`: one module for each room, as `pages/` has them for people.

`door.py` lets tokens in, `problems.py` says what went wrong, `answers.py` has the models that the description is made of.
"""
