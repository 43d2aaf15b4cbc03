"""Sentences that people read in their own language: English as they stand, and what they were made of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

_PLAIN = re.compile(r"(?:[^%]|%%|%\(\w+\)s){0,1000}")
"""A template that a record may bring: it fills in words and does no more, whoever wrote the record."""


class Said(str):
    """A sentence in English. `template` is its msgid in the catalogues, `params` what stands in it."""

    template: str
    params: Mapping[str, Any]


def say(template: str, **params: Any) -> Said:
    """The sentence; `%(name)s` in the template are params. Babel takes the templates into the catalogues."""
    return _sentence(template, params)


def joined(texts: Iterable[str], between: str = ", ") -> Said:
    """Several texts as one; each is translated by itself."""
    params = {f"text{n}": text for n, text in enumerate(texts)}
    return _sentence("%(between)s".join(f"%({name})s" for name in params), {"between": between, **params})


def words_of(error: Exception) -> str:
    """What an exception says: a sentence where it was raised with one, else the words of whoever raised it."""
    first = error.args[0] if error.args else ""
    return first if isinstance(first, Said) else str(error)


def of_system(error: OSError) -> str:
    """What the operating system says, as a sentence of ours where it says it often; else in its own words."""
    words = error.strerror or type(error).__name__
    return _OF_SYSTEM.get(words, words)


def kept(value: Any) -> dict[str, Any]:
    """What JSON loses of the sentences in a value: for each, by what it says in English, its template and params."""
    return {str(said): _parts(said) for said in _sentences(value)}


def recalled(text: str, kept: Mapping[str, Any]) -> str:
    """The sentence again that `text` was, by what was `kept` of it; the text as it is where nothing was (older records)."""
    try:
        again = _made_of(kept[text])
    except (KeyError, TypeError, ValueError):  # nothing was kept, or what no sentence is made of
        return text
    return again if again == text else text


def _sentences(value: Any) -> Iterator[Said]:
    if isinstance(value, Said):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _sentences(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _sentences(inner)


def _parts(said: Said) -> dict[str, Any]:
    params = {name: _parts(v) if isinstance(v, Said) else v for name, v in said.params.items()}
    return {"template": said.template, "params": params}


def _made_of(parts: Mapping[str, Any]) -> Said:
    if not _PLAIN.fullmatch(parts["template"]):
        raise ValueError("not a template")
    params = {name: _made_of(v) if isinstance(v, Mapping) else v for name, v in parts["params"].items()}
    return _sentence(parts["template"], params)


def _sentence(template: str, params: Mapping[str, Any]) -> Said:
    said = Said(template % params if params else template)
    said.template, said.params = template, params
    return said


_OF_SYSTEM: Mapping[str, Said] = {
    str(text): text
    for text in (
        say("No such file or directory"),
        say("Not a directory"),
        say("Permission denied"),
        say("Operation not permitted"),
        say("No space left on device"),
        say("Disk quota exceeded"),
        say("Read-only file system"),
        say("Input/output error"),
        say("Stale file handle"),
        say("Host is down"),
        say("Transport endpoint is not connected"),
        say("Connection timed out"),
    )
}


def is_for_a_shell(hint: str) -> bool:
    """Does a hint name a command? Then it helps at a shell, and nobody on a page."""
    return "`" in hint or "--" in hint or "scanpipe " in hint
