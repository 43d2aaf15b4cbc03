"""`python -m tools.record_api`: writes the description of the API anew, docs/openapi.json; tests compare it with the code.

`--check` compares only: what was recorded may not be taken away or changed.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scanpipe.telling.meter import Meter
from scanpipe.web.app import make_app
from scanpipe.web.site import Site

RECORDED = Path(__file__).parent.parent / "docs/openapi.json"
_TOLD = frozenset(("description", "summary", "title", "examples", "example", "operationId", "tags", "version"))
"""What is for people: it may be worded anew."""
_BOUNDS = frozenset(("maxLength", "minLength", "minimum", "maximum", "pattern", "minItems", "maxItems", "enum"))
Description = dict[str, Any]


def described() -> Description:
    """The description as the code has it. No installation is needed: nothing is asked."""
    return make_app(None, Meter(), Site(lambda scans: None)).openapi()  # type: ignore[arg-type]


def text(description: Description) -> str:
    return json.dumps(description, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def breaks(recorded: Description, now: Description) -> Iterator[str]:
    """What a program that was made for `recorded` would stumble over: one sentence for each."""
    yield from _lacks(recorded, now, "")
    models = [description["components"]["schemas"] for description in (recorded, now)]
    for name in sorted(_asked_for(recorded) & models[1].keys()):
        yield from _demands(models[0][name], models[1][name], name)


def _lacks(recorded: Any, now: Any, at: str) -> Iterator[str]:
    """What is gone, or another one."""
    if at.endswith("/parameters"):
        recorded, now = ({f"{p['name']} ({p['in']})": p for p in d} for d in (recorded, now))
        added = sorted(now.keys() - recorded.keys())
        yield from (f"{at}: {name} has to be given now" for name in added if now[name].get("required"))
    if isinstance(recorded, dict) and isinstance(now, dict):
        yield from (f"{at}/{key} is gone" for key in sorted(recorded.keys() - now.keys() - _TOLD))
        for key in sorted(recorded.keys() & now.keys() - _TOLD):
            yield from _lacks(recorded[key], now[key], f"{at}/{key}")
    elif isinstance(recorded, list) and isinstance(now, list):
        alike = [any(not [*_lacks(value, other, "")] for other in now) for value in recorded]
        yield from (
            f"{at} has no {value!r} any more" for value, is_there in zip(recorded, alike, strict=True) if not is_there
        )
    elif recorded != now:
        yield f"{at} was {recorded!r} and is {now!r}"


def _asked_for(description: Description) -> set[str]:
    """The models of what programs send."""
    bodies = [o["requestBody"] for path in description["paths"].values() for o in path.values() if "requestBody" in o]
    return set(re.findall(r"#/components/schemas/(\w+)", json.dumps(bodies)))


def _demands(recorded: Any, now: Any, at: str) -> Iterator[str]:
    """What has to be sent now, or may not be any more."""
    if isinstance(recorded, dict) and isinstance(now, dict):
        more = [name for name in now.get("required", ()) if name not in recorded.get("required", ())]
        yield from (f"{at}: {name} has to be given now" for name in more if isinstance(name, str))
        yield from (f"{at} has a bound now: {key}" for key in sorted((now.keys() - recorded.keys()) & _BOUNDS))
        for key in sorted(recorded.keys() & now.keys() - _TOLD):
            yield from _demands(recorded[key], now[key], f"{at}/{key}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare, and write nothing")
    now = described()
    found = [*breaks(json.loads(RECORDED.read_text(encoding="utf-8")), now)] if RECORDED.exists() else []
    for sentence in found:
        print(sentence, file=sys.stderr)
    if parser.parse_args().check:
        sys.exit(bool(found))
    RECORDED.write_text(text(now), encoding="utf-8")


if __name__ == "__main__":
    main()
