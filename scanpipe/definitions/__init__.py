"""Test definitions: a YAML file in, a checked `TestDefinition` out, or all that is wrong with it at once."""

from scanpipe.definitions.canonical import digest, from_json, to_json
from scanpipe.definitions.diff import diff
from scanpipe.definitions.ids import id_problem
from scanpipe.definitions.loading import check, check_text, load, loads
from scanpipe.definitions.problems import Problem
from scanpipe.definitions.schema import schema

__all__ = [
    "Problem",
    "check",
    "check_text",
    "diff",
    "digest",
    "from_json",
    "id_problem",
    "load",
    "loads",
    "schema",
    "to_json",
]
