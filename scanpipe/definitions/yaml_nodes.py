"""YAML text in, a tree out in which every value knows its line. Scalars stay the text that they were written as.

Nothing is ever constructed from the YAML: a value is a text, a list or a mapping, so that `0010` stays `0010`.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import yaml

from scanpipe.definitions.problems import Spot, quoted, visible
from scanpipe.saying import say

Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
DEEPEST = 20
MOST_EVENTS = 500_000

_CORE = "tag:yaml.org,2002:"
_SCALARS = frozenset(_CORE + kind for kind in ("str", "int", "float", "bool", "null", "timestamp", "merge", "value"))
_KNOWN = _SCALARS | {_CORE + "map", _CORE + "seq"}
_STRANGE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
"""What YAML refuses anywhere, also in comments."""
_NOT_A_YAML = say("a YAML text of keys and values")


@dataclass(frozen=True, slots=True)
class Value:
    """A value of the YAML and where it stands."""

    node: yaml.Node
    spot: Spot


def compose(text: str, spot: Spot) -> Value | None:
    """The root of the YAML; None, and noted at `spot`, when it cannot be read."""
    try:
        tame = _tame(yaml.parse(text, Loader=Loader))
        node = yaml.compose(text, Loader=Loader) if tame else None
    except yaml.MarkedYAMLError as error:
        _unreadable(error, spot)
        return None
    except (yaml.YAMLError, UnicodeEncodeError):
        _unprintable(text, spot)
        return None
    if not tame:
        spot.wrong(
            say("values nested too deeply, or too many of them"),
            say("at most %(most)s levels", most=DEEPEST),
            say("Many candidates fit better into a CSV."),
        )
        return None
    if node is None:
        spot.wrong(say("nothing in the file"), _NOT_A_YAML)
        return None
    return Value(node, spot.at(node.start_mark.line + 1, spot.field))


def entries(value: Value, keys: Mapping[str, str], required: Sequence[str]) -> dict[str, Value]:
    """The values of a mapping by key; notes what is not a mapping, unknown and repeated keys, and missing ones."""
    if not isinstance(value.node, yaml.MappingNode) or value.node.tag != _CORE + "map":
        value.spot.wrong(describe(value), say("a mapping with the keys %(keys)s", keys=", ".join(keys)))
        return {}
    found: dict[str, Value] = {}
    for key_node, node in value.node.value:
        _take_entry(Value(key_node, value.spot.at(_line(key_node), value.spot.field)), node, keys, found)
    for key in required:
        if key not in found:
            value.spot.at(value.spot.line, _path(value.spot, key)).wrong(
                say("nothing"), keys[key], say("This key is required.")
            )
    return found


def items(value: Value, allowed: str) -> list[Value] | None:
    """The values of a list, counted from 1; None, and noted, when it is not a list or an empty one."""
    if not isinstance(value.node, yaml.SequenceNode) or value.node.tag != _CORE + "seq" or not value.node.value:
        value.spot.wrong(describe(value), allowed)
        return None
    at = value.spot.at
    return [
        Value(node, at(_line(node), f"{value.spot.field}[{position}]"))
        for position, node in enumerate(value.node.value, start=1)
    ]


def scalar(value: Value, allowed: str) -> str | None:
    """The text of a single value as it was written; None, and noted, when it is none or has nothing in it."""
    if isinstance(value.node, yaml.ScalarNode) and value.node.tag in _SCALARS and not is_nothing(value):
        return str(value.node.value)
    value.spot.wrong(describe(value), allowed)
    return None


def is_mapping(value: Value) -> bool:
    return isinstance(value.node, yaml.MappingNode)


def is_nothing(value: Value) -> bool:
    """Whether a key stands there without a value. `Null` is a value: people have that name."""
    return value.node.tag == _CORE + "null" and value.node.value in ("", "~", "null")


def is_plain(value: Value, kind: str) -> bool:
    """Whether YAML takes this value for a `kind` (`bool`, `int`), which it does only without quotes."""
    return value.node.tag == _CORE + kind


def describe(value: Value) -> str:
    """What was found, as a phrase."""
    if is_nothing(value):
        return say("nothing")
    if value.node.tag not in _KNOWN:
        return say("the YAML tag %(tag)s", tag=quoted(value.node.tag))
    if isinstance(value.node, yaml.ScalarNode):
        return quoted(value.node.value)
    if is_mapping(value):
        return say("a mapping") if value.node.value else say("an empty mapping")
    return say("a list") if value.node.value else say("an empty list")


def closest(word: str, words: Iterable[str]) -> str:
    """A sentence that suggests the word that was meant; empty when there is none near."""
    near = difflib.get_close_matches(word.lower(), list(words), n=1)
    return say("Did you mean %(near)s?", near=near[0]) if near else ""


def _take_entry(key: Value, node: yaml.Node, keys: Mapping[str, str], found: dict[str, Value]) -> None:
    if not isinstance(key.node, yaml.ScalarNode):
        key.spot.wrong(say("%(what)s as a key", what=describe(key)), say("the keys %(keys)s", keys=", ".join(keys)))
        return
    name = str(key.node.value)
    spot = key.spot.at(key.spot.line, _path(key.spot, name))
    if name not in keys:
        spot.wrong(say("an unknown key"), ", ".join(keys), closest(name, keys))
    elif name in found:
        spot.wrong(
            say("this key once more"),
            say("each key once"),
            say("It stands on line %(line)s already.", line=found[name].spot.line),
        )
    else:
        found[name] = Value(node, key.spot.at(_line(node), spot.field))


def _path(parent: Spot, key: str) -> str:
    shown = visible(key[:40])
    return f"{parent.field}.{shown}" if parent.field else shown


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _tame(events: Iterable[yaml.Event]) -> bool:
    """Whether the YAML may be composed: the C composer overruns its stack on values nested too deeply."""
    depth = 0
    for count, event in enumerate(events):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST or count > MOST_EVENTS:
            return False
    return True


def _unreadable(error: yaml.MarkedYAMLError, spot: Spot) -> None:
    mark = error.problem_mark or error.context_mark
    words = ", ".join(visible(w) for w in (error.context, error.problem) if w)
    hint = say("YAML is indented with blanks, never with tabs.") if "cannot start any token" in words else ""
    spot.at(mark.line + 1 if mark else None, "").wrong(say("broken YAML (%(words)s)", words=words), _NOT_A_YAML, hint)


def _unprintable(text: str, spot: Spot) -> None:
    strange = _STRANGE.search(text)
    if strange is None:
        spot.wrong(say("characters that YAML does not know"), _NOT_A_YAML)
        return
    line = text.count("\n", 0, strange.start()) + 1
    spot.at(line, "").wrong(
        say("the character %(what)s", what=quoted(strange.group())), say("characters that can be printed")
    )
