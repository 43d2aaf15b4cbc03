"""Nothing is untranslated, and nothing is translated that nobody says."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import scanpipe.web as web
from scanpipe.faults import Refused
from scanpipe.ledgers.events import TYPES
from scanpipe.model import Reason
from scanpipe.reasons import WORDING
from scanpipe.saying import is_for_a_shell, say
from scanpipe.web.drawing import named, refusal, said
from scanpipe.web.event_words import EVENTS
from scanpipe.web.words import NEXT, language_of, translations

ROOT = Path(web.__file__).parent
KEYWORDS = {"_": None, "N_": None, "gettext": None, "ngettext": (1, 2)}


def catalogued() -> set[str | tuple[str, ...]]:
    methods = [("**/templates/**.html", "jinja2.ext:babel_extract"), ("**.py", "python")]
    options = {"**/templates/**.html": {"extensions": "jinja2.ext.i18n", "trim_blocks": "true"}}
    found = extract_from_dir(ROOT, methods, options, KEYWORDS)
    return {message for _, _, message, _, _ in found} | {s for s in sentences() if not is_for_a_shell(s)}


def sentences() -> set[str]:
    """What the desk says, also within another sentence, where Babel does not look."""
    found: set[str] = set()
    for path in ROOT.parent.rglob("*.py"):
        if path.name == "report.py" and path.parent.name == "sheets":
            continue  # in the language of the test
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "say":
                assert isinstance(node.args[0], ast.Constant), f"{path.name}, line {node.lineno}"
                found.add(node.args[0].value)
    return found


def test_no_string_is_untranslated() -> None:
    with open(ROOT / "translations/nb.po", "rb") as f:
        catalogue = read_po(f, "nb")
    known = {m.id for m in catalogue if m.id and not m.fuzzy and all(_texts(m.string))}
    assert catalogued() == known


def test_every_reason_has_a_next_step() -> None:
    assert set(NEXT) == {reason.value for reason in Reason}


def test_every_kind_of_event_has_a_name() -> None:
    assert set(EVENTS) == TYPES


def test_placeholders_are_kept() -> None:
    with open(ROOT / "translations/nb.po", "rb") as f:
        broken = [(m.id, list(m.check())) for m in read_po(f, "nb") if m.id and list(m.check())]
    assert broken == []


def test_no_sentence_stands_in_a_template_beside_the_catalogue() -> None:
    """What is left of a template without its tags and expressions has no word in it."""
    for template in (ROOT / "templates").glob("*.html"):
        text = template.read_text(encoding="utf-8")
        assert not re.search(r'(alt|aria-label|placeholder|title)="(?!\{\{|")', text), template.name
        text = re.sub(r"\{% block kind %\}.*?\{% endblock %\}|\{% macro (?:picture|shown).*?\{% endmacro %\}", "", text)
        text = re.sub(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}", "", text, flags=re.S)
        text = re.sub(r"<[^>]*>", " ", text).replace("&amp;", " ")
        left = [w for w in re.findall(r"[A-Za-z]{2,}", text) if w != "scanpipe"]
        assert left == [], template.name


def test_what_is_wrong_with_a_definition_is_said_in_sentences_of_the_catalogue() -> None:
    """Whatever is noted as wrong, or as changed, goes through `say`: English as it stands would stay English on the page."""
    for path in (*(ROOT.parent / "definitions").rglob("*.py"),):
        if path.name in ("shaded_layout.py", "statements_csv.py"):
            continue  # read by commands and programs, on no page
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            told = node.args if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "wrong" else []
            told = [one for a in told for one in ((a.body, a.orelse) if isinstance(a, ast.IfExp) else (a,))]
            plain = [
                a for a in told if isinstance(a, ast.JoinedStr | ast.BinOp) or (isinstance(a, ast.Constant) and a.value)
            ]
            assert not plain, f"{path.name}, line {plain[0].lineno}"


def test_the_language_is_chosen_or_the_browsers() -> None:
    assert language_of(None, "nb-NO,nb;q=0.9,en;q=0.8") == "nb"
    assert language_of(None, "no") == "nb"
    assert language_of(None, "nn-NO, en") == "nb"
    assert language_of(None, "de, en-GB;q=0.5") == "en"
    assert language_of("nb", "en") == "nb"
    assert language_of("xx", "") == "en"
    assert translations("nb").gettext("Queue") == "Kø"


def _texts(string: str | tuple[str, ...]) -> tuple[str, ...]:
    return (string,) if isinstance(string, str) else string


def test_what_the_desk_says_is_in_the_persons_language() -> None:
    fault = Refused(
        say("page %(page)s is %(state)s, not held", page="3f-1", state="filed"),
        say("Look at it again; nothing was changed."),
    )
    assert refusal(fault, "nb") == "Side 3f-1 er ikke holdt tilbake: plassert. Se på det igjen; ingenting ble endret."
    assert refusal(fault, "en") == "Page 3f-1 is filed, not held. Look at it again; nothing was changed."
    shell = Refused(say("there is no test %(test)s", test="X"), say("`scanpipe tests list` shows them."))
    assert refusal(shell, "nb") == "Det finnes ingen prøve X.", "a hint that names a command is for a shell"
    within = say("%(by)s asked to move %(pack)s.", by="kari", pack=say("no sheet for certain"))
    assert said(within, "nb") == "kari ba om å flytte ikke noe bestemt ark."
    assert str(within) == "kari asked to move no sheet for certain."
    assert said(WORDING[Reason.NO_CODES].en, "nb") == WORDING[Reason.NO_CODES].nb


def test_a_stack_is_shown_in_the_language_of_the_person_and_a_folder_as_it_is() -> None:
    assert named("loose files 2026-12-03 / 00000050", "nb") == "løse filer 2026-12-03 / 00000050"
    assert named("loose files 2026-12-03", "en") == "loose files 2026-12-03"
    assert named("desk 1 2026-12-03", "nb") == "desk 1 2026-12-03"
    as_it_is = re.compile(r'[^"]{{ [\w.]*stack }}|_\(.[^"\n]*., stack=[\w.]*stack[,)]')
    shown = [p.name for p in (ROOT / "templates").glob("*.html") if as_it_is.search(p.read_text(encoding="utf-8"))]
    assert shown == [], "every page shows it so"
