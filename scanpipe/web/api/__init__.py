"""The API for programs, one module for each subject."""
