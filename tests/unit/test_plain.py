"""Codes from elsewhere: what a test takes, what they claim, and what they never can."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanpipe.codes import Kind
from scanpipe.definitions import check_text, from_json, loads, to_json
from scanpipe.model import Claims, Code, Filed, Held, PlainCode, Reason, Sheet, TestDefinition, Verdict
from scanpipe.pipeline import judge
from scanpipe.shaded_codes import Coded
from scanpipe.sight import Sight
from scanpipe.stages.locate import locate
from scanpipe.stages.plain import read_plain
from scanpipe.stages.quality import QualityRules
from scanpipe.stages.validate import Facts
from tests.helpers import CLAIMS, NOT_GENERIC, RING, code, definition

BY_NUMBER = PlainCode(("code128", "qr"), "K([0-9]{5})", "candidate")
BY_QUESTION = PlainCode(("code128",), "Q-([0-9a-z]{1,2})", "question")
TAKING = definition(plain_codes=(BY_NUMBER, BY_QUESTION))
Q, P, C, S, LABEL, TOP = (
    code(k) for k in (Kind.QUESTION, Kind.PAD, Kind.CANDIDATE, Kind.SHEET, Kind.CANDIDATE_LABEL, Kind.OPEN)
)
OPEN = code(Kind.PAD, replace(CLAIMS, question=None))


def plain(text: str, symbology: str = "code128") -> Code:
    return Code(text, symbology, ((1200.0, 1900.0), (1490.0, 1900.0), (1490.0, 1980.0), (1200.0, 1980.0)), "zxing")


@dataclass
class Records:
    """A ledger that knows one test."""

    test: TestDefinition
    sheet: Sheet | None = None
    asked: list[str] = field(default_factory=list)

    def printed(self, serial: str) -> Sheet | None:
        return self.sheet

    def definition(self, test: str) -> TestDefinition | None:
        self.asked.append(test)
        return self.test if test.upper() == self.test.id.upper() else None

    def facts(self, claims: Claims) -> Facts:
        return Facts(self.definition(claims.test or ""))

    def coded(self, code: str) -> list[Coded]:
        return [c for c in GIVEN_OUT if c.code == code]


GIVEN_OUT = (
    Coded("4071271", CLAIMS.test or "", "10002", "2a"),
    Coded("4071271", "OTHER", "10001", "2a"),
    Coded("5000000", CLAIMS.test or "", "", ""),
)
SEVEN_DIGITS = definition(plain_codes=(PlainCode(("code128",), "[0-9]{7}", "code"), BY_NUMBER))


def nobody(code: str) -> list[Coded]:
    return []


def verdict(*codes: Code, test: TestDefinition = TAKING, empty: bool = False) -> Verdict:
    stance = locate(codes)
    misfit = stance.misfit_mm if stance else None
    sight = Sight(codes, 0, 0.0, "codes", misfit, 200.0, 2500, 3400, 1.0, 1.0, 0.0, False, empty=empty)
    return judge(sight, RING, Records(test), QualityRules())


def held(*codes: Code, test: TestDefinition = TAKING) -> Held:
    answer = verdict(*codes, test=test)
    assert isinstance(answer, Held), answer
    return answer


def test_a_plain_code_stands_for_the_label_of_a_pad() -> None:
    for codes in ((Q, P, plain("K10002")), (TOP, OPEN, plain("K10002"), plain("Q-2a"))):
        answer = verdict(*codes)
        assert isinstance(answer, Filed) and (answer.slot.candidate, answer.slot.question) == ("10002", "2a")
        assert [c["standing"] for c in answer.evidence["codes"]].count("plain") == len(codes) - 2


def test_a_code_that_was_given_out_names_candidate_and_question() -> None:
    for codes in ((Q, P), (TOP, OPEN)):
        answer = verdict(*codes, plain("4071271"), test=SEVEN_DIGITS)
        assert isinstance(answer, Filed) and (answer.slot.candidate, answer.slot.question) == ("10002", "2a")
    label = verdict(Q, P, plain("4071271"), plain("K10002"), test=SEVEN_DIGITS)
    assert isinstance(label, Filed), "a label that says the same is none too many"
    assert held(Q, P, plain("4071271"), plain("K10001"), test=SEVEN_DIGITS).reason is Reason.CODES_DISAGREE
    assert held(C, Q, S, plain("4071271"), test=SEVEN_DIGITS).reason is Reason.CODES_DISAGREE, "it is 10001's sheet"
    for stranger in ("1234567", "5000000"):
        assert held(Q, P, plain(stranger), test=SEVEN_DIGITS).reason is Reason.FOREIGN_CODE, "nobody has it"


def test_the_same_plain_code_twice_says_nothing_more() -> None:
    assert isinstance(verdict(Q, P, plain("K10002"), plain("K10002")), Filed)


def test_a_plain_code_never_overrides_a_signed_one() -> None:
    for codes in ((C, Q, S), (Q, P, LABEL)):
        assert held(*codes, plain("K10002")).reason is Reason.CODES_DISAGREE
        agreed = verdict(*codes, plain("K10001"))
        assert isinstance(agreed, Filed) and agreed.slot.candidate == "10001"
    assert held(Q, P, plain("K10001"), plain("K10002")).reason is Reason.CODES_DISAGREE


def test_what_it_claims_must_exist() -> None:
    answer = held(Q, P, plain("K99999"))
    assert answer.reason is Reason.UNKNOWN_CANDIDATE and answer.evidence["found"] == "99999"


def test_without_a_signed_code_it_says_nothing() -> None:
    """It does not say which test it is of."""
    answer = held(plain("K10001"), plain("Q-2a"))
    assert answer.reason is Reason.FOREIGN_CODE and answer.claims == Claims()


@pytest.mark.parametrize(
    "stranger", [plain("K1000"), plain("XK10001"), plain("K10001\n"), plain("K10001", "datamatrix")], ids=str
)
def test_what_no_rule_takes_stays_foreign(stranger: Code) -> None:
    assert held(Q, P, stranger).reason is Reason.FOREIGN_CODE
    assert held(Q, P, plain("K10001"), test=definition()).reason is Reason.FOREIGN_CODE


def test_two_rules_that_contradict_each_other_take_nothing() -> None:
    both = (BY_NUMBER, PlainCode(("code128",), "K[0-9]([0-9]{4})", "candidate"))
    assert read_plain(plain("K10001"), both, nobody) is None


@given(st.sampled_from(NOT_GENERIC), st.sampled_from(["10001", "10002"]))
def test_a_text_of_our_own_grammar_is_never_plain(kind: Kind, candidate: str) -> None:
    everything = (PlainCode(("qr", "code128"), ".*", "candidate"),)
    ours = code(kind, replace(CLAIMS, candidate=candidate))
    assert read_plain(ours, everything, nobody) is None
    assert read_plain(replace(ours, symbology="code128"), everything, nobody) is None


some_code = st.one_of(
    st.builds(code, st.sampled_from(NOT_GENERIC), st.sampled_from([CLAIMS, replace(CLAIMS, candidate="10002")])),
    st.builds(plain, st.sampled_from(["K10001", "K10002", "K99999", "Q-2a", "Q-3", "Q-9", "?"])),
)


@given(st.lists(some_code, max_size=5))
def test_whatever_lies_there_a_page_is_filed_only_where_every_code_says_so(codes: list[Code]) -> None:
    answer = verdict(*codes)
    if isinstance(answer, Filed):
        said = [c["claims"] for c in answer.evidence["codes"]]
        assert all(c["standing"] in ("authentic", "plain") for c in answer.evidence["codes"])
        assert {c["candidate"] for c in said if "candidate" in c} == {answer.slot.candidate}
        assert {c["question"].lower() for c in said if "question" in c} == {answer.slot.question}
        assert any("serial" in c for c in said)


_YAML = """
test: T1
title: A test
date: 2026-12-03
questions: [{id: 1, sketches: allowed}]
candidates: [{number: "1"}]
rehearsal: true
empty_sheets: count
plain_codes:
  - {symbologies: [code128, qr], claims: candidate, pattern: 'K([0-9]{5})'}
"""


def test_a_definition_says_them_and_keeps_them() -> None:
    test = loads(_YAML, "t.yaml")
    assert test.plain_codes == (PlainCode(("code128", "qr"), "K([0-9]{5})", "candidate"),)
    assert test.rehearsal and test.empty_sheets == "count"
    assert from_json(to_json(test), 0) == test
    usual = definition(revision=0)
    assert (
        not {"rehearsal", "empty_sheets", "plain_codes"} & set(to_json(usual)) and from_json(to_json(usual), 0) == usual
    )


@pytest.mark.parametrize(
    "pattern", ["(a+)+b", "a|b", "(a)(b)", "((a))", "a*b*c*d*", "(?P<x>a)", "a(?=b)", "[0-9", "(a){2}", ""]
)
def test_patterns_that_could_keep_the_machine_busy_are_refused(pattern: str) -> None:
    text = _YAML.replace("K([0-9]{5})", pattern)
    found, problems = check_text(text.encode(), "t.yaml")
    assert found is None and any("pattern" in (p.field or "") for p in problems), problems


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("[code128, qr]", "[code39]"),
        ("[code128, qr]", "[]"),
        ("claims: candidate", "claims: serial"),
        ("rehearsal: true", "rehearsal: yes"),
        ("empty_sheets: count", "empty_sheets: drop"),
    ],
)
def test_what_nobody_can_mean_is_refused(before: str, after: str) -> None:
    found, problems = check_text(_YAML.replace(before, after).encode(), "t.yaml")
    assert found is None and problems


def test_a_sheet_of_a_rehearsal_and_a_live_test_never_meet() -> None:
    rehearsed = [code(k, rehearsal=True) for k in (Kind.CANDIDATE, Kind.QUESTION, Kind.SHEET)]
    dry = definition(rehearsal=True)
    assert held(*rehearsed).reason is Reason.REHEARSAL
    assert held(C, Q, S, test=dry).reason is Reason.REHEARSAL
    assert isinstance(verdict(C, Q, S), Filed) and isinstance(verdict(*rehearsed, test=dry), Filed)


def test_an_empty_sheet_is_marked_or_only_counted() -> None:
    marked = verdict(C, Q, S, empty=True)
    assert isinstance(marked, Filed) and marked.evidence["empty"] is True
    counted = verdict(C, Q, S, empty=True, test=definition(empty_sheets="count"))
    assert not isinstance(counted, Filed | Held)
    assert counted.slot is not None and counted.slot.candidate == "10001" and counted.serial == CLAIMS.serial
    unknown = verdict(C, Q, S, empty=True, test=definition(empty_sheets="count", sketches=False))
    assert isinstance(unknown, Held)
