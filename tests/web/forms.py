"""The forms of a page as a browser sends them: every field that stands there, and the button that is pressed."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

from fastapi.testclient import TestClient
from httpx2 import Response

Fields = list[tuple[str, str]]


@dataclass
class Form:
    """Where it goes, and its fields in their order; those that are chosen or pressed are given when it is sent."""

    action: str
    fields: Fields = field(default_factory=list)
    choices: dict[str, list[str]] = field(default_factory=dict)

    def send(self, app: TestClient, **chosen: str) -> Response:
        """`chosen` must be among what the form offers, where it offers something."""
        for name, value in chosen.items():
            assert value in self.choices.get(name, [value]), (name, value, self.choices)
        data: dict[str, list[str]] = {}
        for name, value in [(n, v) for n, v in self.fields if n not in chosen] + list(chosen.items()):
            data.setdefault(name, []).append(value)
        return app.post(self.action, data=data)


class _Forms(HTMLParser):
    def __init__(self, path: str) -> None:
        super().__init__()
        self.found: list[Form] = []
        self._path = path
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append(Form(told.get("action", self._path)))
        elif self.found and tag == "select":
            self._select = told.get("name", "")
        elif self.found and tag == "option" and self._select and "value" in told:
            self.found[-1].choices.setdefault(self._select, []).append(told["value"])
        elif self.found and tag == "button" and told.get("name"):
            self.found[-1].choices.setdefault(told["name"], []).append(told.get("value", ""))
        elif self.found and tag == "input" and told.get("name"):
            ticked = told.get("type") not in ("checkbox", "radio") or "checked" in told
            self.found[-1].fields += [(told["name"], told.get("value", ""))] if ticked else []

    def handle_endtag(self, tag: str) -> None:
        self._select = "" if tag == "select" else self._select


def form(app: TestClient, path: str, action: str) -> Form:
    """The form of the page whose action ends so, or has it before its query."""
    parser = _Forms(path)
    parser.feed(app.get(path).text)
    return next(f for f in parser.found if f.action.split("?")[0].endswith(action))
