"""What stands in the notes of the share: in both languages, since nobody can choose one there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scanpipe.ledgers.figures import Receipt
from scanpipe.model import PageRecord, PrintedSeparator, Reason, ScanRecord
from scanpipe.reasons import WORDING

Both = tuple[str, str]
"""Norwegian and English."""
_STATES: Mapping[str, Both] = {
    "filed": ("plassert", "filed"),
    "held": ("holdt tilbake", "held"),
    "blank": ("blanke", "blank"),
    "separator": ("skilleark", "separators"),
    "rescan": ("skal skannes på nytt", "to be scanned again"),
    "withdrawn": ("trukket tilbake", "withdrawn"),
    "discarded": ("forkastet", "discarded"),
    "replaced": ("erstattet", "replaced"),
    "split": ("delt i to", "cut in two"),
    "retired": ("slettet", "retired"),
}
_WAIT: Both = ("Ta vare på arket; eksamenskontoret ser på siden.", "Keep the paper; the exam office looks at the page.")
_AGAIN: Both = ("Skann arket på nytt.", "Scan the sheet again.")
_NEXT: Mapping[str, Both] = {
    Reason.UNREADABLE_FILE: _AGAIN,
    Reason.POOR_QUALITY: _AGAIN,
    Reason.OTHER_SIDE_MISSING: (
        "Skann begge sider av arket på nytt, i én omgang.",
        "Scan both sides of the sheet again, in one go.",
    ),
    Reason.TOO_LARGE: ("Skann på nytt med lavere oppløsning.", "Scan it again at a lower resolution."),
    Reason.UNSUPPORTED_FILE: (
        "La skanneren skrive JPEG, PNG, TIFF eller PDF, og skann på nytt.",
        "Let the scanner write JPEG, PNG, TIFF or PDF, and scan again.",
    ),
    "rescan": _AGAIN,
}
_COUNT: Both = (
    "Tell arkene i bunken; let etter et skilleark som ikke ble lest, og etter ark som ble trukket sammen.",
    "Count the sheets of the stack; look for a separator that was not read, and for sheets that were fed together.",
)


@dataclass(frozen=True, slots=True)
class Note:
    """What is to be written: `told` as JSON. `held`: somebody has something to do."""

    held: bool
    text: str
    told: Mapping[str, Any]


def file_note(scan: ScanRecord, pages: Sequence[PageRecord]) -> Note:
    """Of a file whose pages are settled."""
    left = [p for p in pages if p.state in ("held", "rescan")]
    lines = [scan.file, f"{scan.at[:16]}  {scan.stack}, nr. {scan.position}", *_sums(Counter(p.state for p in pages))]
    if scan.seen > 1:
        lines.append(f"De samme bytene kom {scan.seen} ganger. The same bytes came {scan.seen} times.")
    for page in left:
        (why_nb, why_en), (next_nb, next_en) = _why(page), _next(page.reason or page.state)
        lines += ["", f"Side {page.page}: {why_nb} {next_nb}", f"Page {page.page}: {why_en} {next_en}"]
    told = {
        "file": scan.file,
        "scan": scan.scan,
        "stack": scan.stack,
        "position": scan.position,
        "taken_in_at": scan.at,
    }
    told |= {"came": scan.seen, "state": "held" if left else "done", "pages": [_page(p) for p in pages]}
    return Note(bool(left), "\n".join(lines) + "\n", told)


def stack_note(
    receipt: Receipt,
    printed: PrintedSeparator | None,
    counted: int | None,
    sheets: int,
    reasons: Mapping[str, int],
) -> Note:
    """Of a stack at its end. `counted` is how many sheets somebody said it has, `sheets` how many came."""
    differs = counted is not None and counted != sheets
    held = differs or bool(reasons) or bool(receipt.states.get("rescan"))
    lines = [f"Bunke / stack: {receipt.stack}"]
    for word, value in _about(printed):
        lines.append(f"{word}: {value}")
    lines += [f"Sist / last: {receipt.last[:16]}", *_sums(receipt.states)]
    if counted is not None:
        lines.append(f"Ark / sheets: {counted} ventet / expected, {sheets} kom / arrived")
    if differs:
        lines += ["", *_COUNT]
    for reason, n in sorted(reasons.items()):
        words, (next_nb, next_en) = WORDING[Reason(reason)], _next(reason)
        lines += ["", f"{n} × {words.nb} {next_nb}", f"{n} × {words.en} {next_en}"]
    told: dict[str, Any] = {"stack": receipt.stack, "files": receipt.files, "last_at": receipt.last}
    told |= {"state": "held" if held else "done", "expected": counted, "arrived": sheets, "differs": differs}
    told |= {"pages": dict(receipt.states), "held_because": dict(reasons)}
    if printed is not None:
        told["separator"] = {n: getattr(printed, n) for n in ("serial", "room", "source", "count", "person", "test")}
    return Note(held, "\n".join(lines) + "\n", told)


def _about(printed: PrintedSeparator | None) -> list[tuple[str, str]]:
    if printed is None:
        return []
    told = (("Rom / room", printed.room), ("Skanner / source", printed.source), ("Ansvarlig / person", printed.person))
    return [(word, value) for word, value in (*told, ("Prøve / test", printed.test or "")) if value]


def _sums(states: Mapping[str, int]) -> list[str]:
    total = sum(states.values())
    told = [(n, _STATES.get(state, (state, state))) for state, n in sorted(states.items())]
    nb, en = (", ".join(f"{n} {words[language]}" for n, words in told) for language in (0, 1))
    return [f"{total} {'side' if total == 1 else 'sider'}: {nb}", f"{total} {'page' if total == 1 else 'pages'}: {en}"]


def _why(page: PageRecord) -> Both:
    if page.state == "rescan" or page.reason is None:
        return "Arket skal skannes på nytt.", "The paper is to be scanned again."
    words = WORDING[Reason(page.reason)]
    return words.nb, words.en


def _next(reason: str) -> Both:
    return _NEXT.get(reason, _WAIT)


def _page(page: PageRecord) -> dict[str, Any]:
    told: dict[str, Any] = {"page": page.page, "name": str(page.id), "state": page.state, "serial": page.serial}
    if page.state in ("held", "rescan"):
        (why_nb, why_en), (next_nb, next_en) = _why(page), _next(page.reason or page.state)
        told |= {"reason": page.reason, "why": {"nb": why_nb, "en": why_en}, "next": {"nb": next_nb, "en": next_en}}
    return told
