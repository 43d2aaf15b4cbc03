"""A completeness report in, its PDF out, with the JSON file inside: for the eyes of a person, and for an archive."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pypdfium2
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from scanpipe.layout import A4
from scanpipe.sheets.lettering import Space, Weight, fit, font
from scanpipe.sheets.pen import Hand, Pen
from scanpipe.sheets.report_words import word

_LEFT_MM, _TOP_MM, _WIDTH_MM, _BOTTOM_MM = 15.0, 20.0, 180.0, 280.0
_BODY_PT, _SMALL_PT = 9.0, 7.0
_COLUMNS = ("candidates", "printed", "handed_out", "collected", "declared", "received", "filed", "open")
Telling = Callable[[Mapping[str, Any]], str]
Word = Callable[..., str]


@dataclass
class _Writer:
    """Writes from top to bottom, page after page."""

    pen: Pen
    foot: str
    y_mm: float = _TOP_MM
    page: int = field(default=1)

    def need(self, height_mm: float) -> None:
        """Begins a new page where this much does not fit any more."""
        if self.y_mm + height_mm > _BOTTOM_MM:
            self.end_page()
            self.y_mm = _TOP_MM

    def end_page(self) -> None:
        self.pen.text(_LEFT_MM, _BOTTOM_MM + 8, self.foot, Hand(size_pt=_SMALL_PT, gray=0.35))
        self.pen.text(_LEFT_MM + _WIDTH_MM, _BOTTOM_MM + 8, str(self.page), Hand(size_pt=_SMALL_PT, gray=0.35, align=1))
        self.pen.canvas.showPage()
        self.page += 1

    def heading(self, text: str, size_pt: float = 12.0) -> None:
        self.need(18)
        self.y_mm += 9
        self.pen.text(_LEFT_MM, self.y_mm, text, Hand("Bold", size_pt))
        self.y_mm += 2

    def paragraph(self, text: str, size_pt: float = _BODY_PT, weight: Weight = "Regular") -> None:
        """Lines as many as it takes."""
        set_ = fit(text, weight, Space(_WIDTH_MM, 60, size_pt, size_pt))
        height_mm = len(set_.lines) * size_pt * 0.43
        self.need(height_mm + 1)
        self.y_mm += height_mm + 0.8
        self.pen.lines(_LEFT_MM, self.y_mm, set_, Hand(weight))

    def row(self, cells: Sequence[tuple[float, str]], size_pt: float = _BODY_PT, weight: Weight = "Regular") -> None:
        """One line, each cell from its place (millimetres from the left margin) on."""
        self.need(5)
        self.y_mm += size_pt * 0.43 + 0.6
        for x_mm, text in cells:
            self.pen.text(_LEFT_MM + x_mm, self.y_mm, text, Hand(weight, size_pt))

    def columns(self, texts: Iterable[str], count: int) -> None:
        """Short texts side by side, down each row."""
        step_mm, waiting = _WIDTH_MM / count, list(texts)
        for start in range(0, len(waiting), count):
            self.row([(n * step_mm, t) for n, t in enumerate(waiting[start : start + count])], _SMALL_PT)


def draw_report(body: bytes, digest: str, whole: Mapping[str, Any], telling: Telling) -> bytes:
    """The PDF of a report whose JSON file is `body`, which is attached. `whole` is what it says, `telling` says a difference."""
    report = whole["report"]
    language = report["test"]["language"]
    say: Word = partial(word, language)
    out, size = io.BytesIO(), (A4.width_mm * mm, A4.height_mm * mm)
    canvas = Canvas(out, size, pageCompression=1, initialFontName=font("Regular").fontName, lang=language)
    canvas.setTitle(f"{say('Completeness report')} {report['test']['id']}")
    canvas.setCreator("scanpipe")
    writer = _Writer(Pen(canvas, A4), f"{report['test']['id']}  ·  {digest}")
    _front(writer, say, report, digest, whole["signature"]["key"])
    _figures(writer, say, report["figures"])
    _standing(writer, say, report["standing"])
    _differences(writer, say, report["differences"], telling)
    _decisions(writer, say, report["decisions"])
    _acts(writer, say, report["acts"], telling)
    _printed(writer, say, report["printed"])
    _scans(writer, say, report["scans"])
    writer.end_page()
    canvas.save()
    return _with_attachment(out.getvalue(), f"{report['test']['id']}.json", body)


def _front(w: _Writer, say: Word, report: Mapping[str, Any], digest: str, key: str) -> None:
    test, made, head = report["test"], report["made"], report["head"]
    w.heading(say("Completeness report"), 18)
    w.paragraph(f"{test['id']}  ·  {test['title']}  ·  {test['date']}", 11, "Bold")
    place = say("event {event}, place {link}", event=head["event"], link=head["link"])
    locked = test["locked"]
    lines = (
        ("Made", made["at"]),
        ("Signed off by", made["signed_off_by"] or say("nobody: a draft")),
        ("Grading locked", say("{at} by {by}", **locked) if locked else say("no")),
        ("Head of the ledger's chain", f"{place}: {head['hash']}"),
        ("Digest of the JSON file (SHA-256)", digest),
        ("Sealed with key", key),
    )
    for label, value in lines:
        w.paragraph(f"{say(label)}: {value}")


def _figures(w: _Writer, say: Word, figures: Mapping[str, Any]) -> None:
    w.heading(say("Figures"))
    places = [40.0 + 17.5 * n for n in range(len(_COLUMNS))]
    titles = [say(name.replace("_", " ").capitalize()) for name in _COLUMNS]
    w.row([(0, say("Room")), *zip(places, titles, strict=True)], _SMALL_PT, "Bold")
    for row in [*figures["rooms"], figures["test"]]:
        whole = row is figures["test"]
        name = say("Whole test") if whole else (row["room"] or "–")[:24]
        numbers = ["–" if row[column] is None else str(row[column]) for column in _COLUMNS]
        w.row([(0, name), *zip(places, numbers, strict=True)], _BODY_PT, "Bold" if whole else "Regular")


def _standing(w: _Writer, say: Word, standing: Mapping[str, Any]) -> None:
    if standing["complete"]:
        w.paragraph(say("Complete: all that was expected has come, and nothing is left to decide."))
        return
    w.paragraph(say("Not complete; {undecided} pages are on their way or held.", **standing))
    if standing["unaccounted"]:
        of = ", ".join(standing["unaccounted"])
        w.paragraph(say("Nobody said what they handed in, and not every sheet has come: candidates {of}", of=of))


def _differences(w: _Writer, say: Word, differences: Mapping[str, Any], telling: Telling) -> None:
    for name, title in (("open", "Open differences"), ("closed", "Closed differences")):
        w.heading(f"{say(title)} ({len(differences[name])})")
        if not differences[name]:
            w.paragraph(say("None."))
        for d in differences[name]:
            where = [f"{say(k)} {d[k]}" for k in ("room", "candidate", "question") if d[k]]
            figures = say("expected {expected}, received {received}", **d) if d["expected"] is not None else ""
            facts = "; ".join(t for t in (*where, figures, ", ".join(d["serials"]), d["other"] or "") if t)
            why = f" {d['by']}, {d['at'][:16]}: {d['why']}" if name == "closed" else ""
            w.paragraph(f"{telling(d)} {d['subject']}: {facts}.{why}")


def _decisions(w: _Writer, say: Word, decisions: Sequence[Mapping[str, Any]]) -> None:
    w.heading(f"{say('Decisions by persons')} ({len(decisions)})")
    if not decisions:
        w.paragraph(say("None."))
    for d in decisions:
        undone = f" ({say('taken back')})" if d["undone"] else ""
        why = f": {d['why']}" if d["why"] else ""
        w.paragraph(
            f"{d['id']}  {d['at'][:16]}  {d['by']} {say(d['kind'])}{why}{undone}  {', '.join(d['pages'])}", _SMALL_PT
        )


def _acts(w: _Writer, say: Word, acts: Sequence[Mapping[str, Any]], telling: Telling) -> None:
    w.heading(f"{say('What else persons decided')} ({len(acts)})")
    if not acts:
        w.paragraph(say("None."))
    for a in acts:
        why = f": {a['why']}" if a["why"] else ""
        w.paragraph(f"{a['id']}  {a['at'][:16]}  {a['by']} {_act(say, a, telling)}{why}", _SMALL_PT)


def _act(say: Word, a: Mapping[str, Any], telling: Telling) -> str:
    about, kind = a["about"], a["kind"]
    if kind.startswith("difference_"):
        return f"{say(kind)}: {telling(about)} {about['subject']}"
    if kind.startswith("sheet_"):
        slot = f", {about['candidate']}/{about['question']}" if about["candidate"] else ""
        return f"{say(kind)} {about['serial']}{slot}"
    if kind.startswith("pack_move_"):
        both = f" {say('and the other way round')}" if about["swap"] else ""
        return f"{say(about.get('state', kind))} {about['printed_for']} {say('to')} {about['handed_to']}{both}"
    return f"{say(kind)} {about.get('decision', '')}".rstrip()


def _printed(w: _Writer, say: Word, sheets: Sequence[Mapping[str, Any]]) -> None:
    w.heading(f"{say('Every printed sheet and where it ended')} ({len(sheets)})")
    w.columns((_sheet(say, s) for s in sheets), 3)


def _sheet(say: Word, s: Mapping[str, Any]) -> str:
    own, slot = f"{s['candidate']}/{s['question']}", "/".join(s["slot"] or ())
    elsewhere = f" {say('in')} {slot}" if slot and slot != own else ""
    return f"{s['serial']}  {own}{elsewhere}: {say(s['ended'])}"[:60]


def _scans(w: _Writer, say: Word, scans: Sequence[Mapping[str, Any]]) -> None:
    w.heading(f"{say('Every scan and where it ended')} ({len(scans)})")
    for scan in scans:
        again = f" ({say('came {n} times', n=scan['seen'])})" if scan["seen"] > 1 else ""
        pages = "; ".join(_page(say, p, len(scan["pages"]) > 1) for p in scan["pages"])
        cells = [(0.0, scan["scan"][:12]), (24.0, f"{scan['file'][-44:]}{again}"), (100.0, pages[:66])]
        if len(pages) <= 66:
            w.row(cells, _SMALL_PT)
        else:
            w.row(cells[:2], _SMALL_PT)
            w.paragraph(pages, _SMALL_PT)


def _page(say: Word, p: Mapping[str, Any], numbered: bool) -> str:
    place = "/".join(p.get(k) or "–" for k in ("candidate", "question")) if p.get("candidate") else p["test"] or ""
    reason = f" ({p['reason']})" if p["reason"] else ""
    number = f"{say('page')} {p['page']}: " if numbered else ""
    return f"{number}{say(p['state'])}{reason} {place}".rstrip()


def attached(pdf: bytes) -> bytes | None:
    """The JSON file inside the PDF of a report; None where there is none."""
    try:
        document = pypdfium2.PdfDocument(pdf)
    except pypdfium2.PdfiumError:
        return None
    body = bytes(document.get_attachment(0).get_data()) if document.count_attachments() else None
    document.close()
    return body


def _with_attachment(pdf: bytes, name: str, body: bytes) -> bytes:
    document = pypdfium2.PdfDocument(pdf)
    document.new_attachment(name).set_data(body)
    out = io.BytesIO()
    document.save(out)
    document.close()
    return out.getvalue()
