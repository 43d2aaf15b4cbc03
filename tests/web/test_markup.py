"""Scripts and markup in the names of candidates and in the payload of codes come out as words."""

from __future__ import annotations

import html
import json
from dataclasses import replace

from fastapi.testclient import TestClient

from scanpipe.desk.defining import register
from scanpipe.desk.parts import Parts
from tests.web.conftest import sign_in
from tests.web.test_around import TEST, token
from tests.web.test_decisions import held, now

NAME = "<script>alert(1)</script>"
PAYLOAD = '"><svg onload=alert(2)>'


def test_they_are_words(app: TestClient, parts: Parts) -> None:
    with parts.ledger.read() as r:
        definition = r.definition(TEST)
    assert definition is not None
    named = [replace(c, name=NAME) if c.number == "10002" else c for c in definition.candidates]
    register(parts, replace(definition, candidates=tuple(named)))
    page = held(parts, "no_codes")
    code = {"text": PAYLOAD, "symbology": "qr", "corners": [[9, 9], [99, 9], [99, 99], [9, 99]], "standing": "foreign"}
    evidence = json.dumps({"codes": [code], "size_px": [1240, 1754], "detail": PAYLOAD})
    columns = {"reason": "foreign_code", "evidence": evidence, "skew_deg": 0.0, "turn_deg": 0}
    parts.ledger.write(lambda tx: tx.append("page_held", scan=page.scan, page=page.page, **columns))
    sign_in(app, "exam_office")
    at = f"/sheets/{page.scan}/{page.page}"
    told = {"token": token(app, "/queue"), "seen": str(now(parts, page).event), "test": TEST}
    told |= {"candidate": "10002", "question": "3"}
    shown = [app.get(at).text, app.post(f"{at}/assign", data=told).text]
    shown.append(app.get(f"/candidates?test={TEST}&candidate=10002").text)
    assert html.escape(PAYLOAD) in shown[0] or "&#34;&gt;&lt;svg" in shown[0]
    for text in shown[1:]:
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert not any(NAME in text or "<svg onload" in text for text in shown)
