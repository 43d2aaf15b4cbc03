"""The web door: the API for the grading system. `app.py` puts it together, `answers.py` says what it answers."""
