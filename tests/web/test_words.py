"""Nothing is untranslated, and nothing is translated that nobody says."""

from __future__ import annotations

import re
from pathlib import Path

from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import scanpipe.web as web
from scanpipe.model import Reason
from scanpipe.web.words import NEXT, language_of, translations

ROOT = Path(web.__file__).parent
KEYWORDS = {"_": None, "N_": None, "gettext": None, "ngettext": (1, 2)}


def said() -> set[str | tuple[str, ...]]:
    methods = [("**/templates/**.html", "jinja2.ext:babel_extract"), ("**.py", "python")]
    options = {"**/templates/**.html": {"extensions": "jinja2.ext.i18n", "trim_blocks": "true"}}
    found = extract_from_dir(ROOT, methods, options, KEYWORDS)
    return {message for _, _, message, _, _ in found}


def test_no_string_is_untranslated() -> None:
    with open(ROOT / "translations/nb.po", "rb") as f:
        catalogue = read_po(f, "nb")
    known = {m.id for m in catalogue if m.id and not m.fuzzy and all(_texts(m.string))}
    assert said() == known


def test_every_reason_has_a_next_step() -> None:
    assert set(NEXT) == {reason.value for reason in Reason}


def test_placeholders_are_kept() -> None:
    with open(ROOT / "translations/nb.po", "rb") as f:
        broken = [(m.id, list(m.check())) for m in read_po(f, "nb") if m.id and list(m.check())]
    assert broken == []


def test_no_sentence_stands_in_a_template_beside_the_catalogue() -> None:
    """What is left of a template without its tags and expressions has no word in it."""
    for template in (ROOT / "templates").glob("*.html"):
        text = template.read_text(encoding="utf-8")
        assert not re.search(r'(alt|aria-label|placeholder|title)="(?!\{\{|")', text), template.name
        text = re.sub(r"\{% block kind %\}.*?\{% endblock %\}|\{% macro large.*?\{% endmacro %\}", "", text)
        text = re.sub(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}", "", text, flags=re.S)
        text = re.sub(r"<[^>]*>", " ", text).replace("&amp;", " ")
        left = [w for w in re.findall(r"[A-Za-z]{2,}", text) if w != "scanpipe"]
        assert left == [], template.name


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
