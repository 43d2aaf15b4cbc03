"""Settings of the property tests for all of them: no deadline, since a machine that is busy is not a defect."""

from hypothesis import settings

settings.register_profile("scanpipe", deadline=None)
settings.load_profile("scanpipe")
