"""Sentences that people read in their own language: English as they stand, and what they were made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Said(str):
    """A sentence in English. `template` is its msgid in the catalogues, `params` what stands in it."""

    template: str
    params: Mapping[str, Any]


def say(template: str, **params: Any) -> Said:
    """The sentence; `%(name)s` in the template are params. Babel takes the templates into the catalogues."""
    said = Said(template % params if params else template)
    said.template, said.params = template, params
    return said


def is_for_a_shell(hint: str) -> bool:
    """Does a hint name a command? Then it helps at a shell, and nobody on a page."""
    return "`" in hint or "--" in hint or "scanpipe " in hint
