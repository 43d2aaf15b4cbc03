"""Whose sheet do the codes say that this is? Every reason, which one goes first, and what is never believed."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanpipe.codes import PERSONAL, Authentic, Key, Keyring, Kind, decode, encode
from scanpipe.model import Claims, Code, Held, Reason, Sheet
from scanpipe.stages.identify import MISFIT_MM, Identified, decode_all, identify, serials
from scanpipe.stages.locate import locate
from tests.helpers import CLAIMS, KEY, NOT_GENERIC, OTHER, RING, code

STRANGER = Key("ZZZ", b"another installation's own secret")
PRINTED = Sheet("00012345", "MA0001-2026H", "10001", "2a", 1, 2, 1)
C, Q, S = (code(k) for k in PERSONAL)


def foreign(text: str = "https://example.org", symbology: str = "qr") -> Code:
    return replace(C, text=text, symbology=symbology)


def from_elsewhere(kind: Kind = Kind.CANDIDATE, claims: Claims = CLAIMS) -> Code:
    return replace(C, text=encode(kind, claims, STRANGER))


def forged(kind: Kind = Kind.CANDIDATE, claims: Claims = CLAIMS) -> Code:
    good = encode(kind, claims, KEY)
    return replace(code(kind, claims), text=good[:16] + "AAAAAAAAAA" + good[26:])


def ask(*codes: Code, printed: Sheet | None = None) -> Identified | Held:
    stance = locate(codes)
    return identify(decode_all(codes, RING), stance and stance.misfit_mm, printed)


def held(*codes: Code, printed: Sheet | None = None) -> Held:
    answer = ask(*codes, printed=printed)
    assert isinstance(answer, Held)
    return answer


@pytest.mark.parametrize("codes", [(C, Q), (Q, C), (S,), (C, Q, S), (S, Q), (C, S)], ids=str)
def test_codes_that_say_all_are_enough_without_the_record(codes: tuple[Code, ...]) -> None:
    answer = ask(*codes)
    assert isinstance(answer, Identified) and answer.claims == CLAIMS


@pytest.mark.parametrize("one", [C, Q, S], ids=["candidate", "question", "sheet"])
def test_one_code_is_enough_with_the_record(one: Code) -> None:
    answer = ask(one, printed=PRINTED)
    assert isinstance(answer, Identified) and answer.claims == CLAIMS
    assert answer.evidence["one_code_only"] is True


def test_one_code_without_the_record_says_what_is_missing() -> None:
    no_question, no_candidate = held(C), held(Q)
    assert no_question.reason is Reason.MISSING_QUESTION_CODE
    assert no_candidate.reason is Reason.MISSING_CANDIDATE_CODE
    assert no_question.claims == replace(CLAIMS, question=None)
    assert no_candidate.claims == replace(CLAIMS, candidate=None)
    assert no_candidate.evidence["print_record"] == "none for this serial"


def test_a_page_without_codes() -> None:
    answer = held()
    assert answer.reason is Reason.NO_CODES and answer.claims == Claims() and answer.evidence["codes"] == []


def test_a_page_with_nothing_but_foreign_codes() -> None:
    answer = held(foreign(), foreign("4006381333931", "ean13"), from_elsewhere())
    assert answer.reason is Reason.FOREIGN_CODE and answer.claims == Claims()
    assert answer.evidence["foreign"] == [
        "not a code of scanpipe",
        "a code of another kind (ean13)",
        "a code of another installation (key ZZZ)",
    ]


@pytest.mark.parametrize(
    "stranger", [foreign(), foreign("X", "datamatrix"), from_elsewhere()], ids=lambda c: c.symbology
)
def test_one_foreign_code_beside_a_whole_sheet_is_enough_to_hold_it(stranger: Code) -> None:
    for codes in ((C, Q, S, stranger), (stranger, C, Q, S)):
        answer = held(*codes, printed=PRINTED)
        assert answer.reason is Reason.FOREIGN_CODE and answer.claims == CLAIMS


def test_our_own_text_in_another_symbology_is_foreign() -> None:
    """Nobody prints it but us, and we print QR."""
    assert held(replace(S, symbology="datamatrix"), printed=PRINTED).reason is Reason.FOREIGN_CODE


def test_one_forged_code_beside_a_whole_sheet_is_enough_to_hold_it() -> None:
    answer = held(C, Q, S, forged(claims=OTHER), printed=PRINTED)
    assert answer.reason is Reason.BAD_SIGNATURE
    assert answer.claims == CLAIMS  # what the forged one says is not among what is known


def test_a_forged_code_alone_claims_nothing() -> None:
    answer = held(forged(Kind.SHEET))
    assert answer.reason is Reason.BAD_SIGNATURE and answer.claims == Claims()


def test_a_conflict_goes_before_a_forgery_and_a_forgery_before_a_stranger() -> None:
    strange, wrong, other = foreign(), forged(), code(Kind.QUESTION, OTHER)
    assert held(strange, wrong, C, other).reason is Reason.CODES_DISAGREE
    assert held(strange, wrong, C, Q).reason is Reason.BAD_SIGNATURE
    assert held(strange, C, Q).reason is Reason.FOREIGN_CODE
    assert held(strange, C).reason is Reason.FOREIGN_CODE  # before what is missing


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"serial": "00000002"}, "serial: 00000002 against 00012345"),
        ({"test": "FY1"}, "test: FY1 against MA0001-2026H"),
        ({"candidate": "10002"}, "candidate: 10001 against 10002"),
        ({"question": "3"}, "question: 2A against 3"),
    ],
)
def test_authentic_codes_that_contradict_each_other(change: dict[str, str], sentence: str) -> None:
    answer = held(C, Q, code(Kind.SHEET, replace(CLAIMS, **change)))
    assert answer.reason is Reason.CODES_DISAGREE and answer.evidence["conflict"] == sentence
    (field,) = change
    assert getattr(answer.claims, field) is None
    agreed = {f: getattr(CLAIMS, f) for f in ("test", "candidate", "question", "serial") if f != field}
    assert {f: getattr(answer.claims, f) for f in agreed} == agreed


def test_a_candidate_code_and_a_question_code_of_two_sheets_of_one_candidate() -> None:
    """They agree in all but the serial, and that is a contradiction: two sheets lie there."""
    assert held(C, code(Kind.QUESTION, replace(CLAIMS, serial="00012346"))).reason is Reason.CODES_DISAGREE


@pytest.mark.parametrize("change", [{"test": "FY1"}, {"candidate": "10002"}, {"question": "3"}, {"serial": "00000009"}])
def test_the_record_of_printing_must_agree_too(change: dict[str, str]) -> None:
    assert held(C, Q, S, printed=replace(PRINTED, **change)).reason is Reason.CODES_DISAGREE


def test_small_letters_in_the_record_are_no_conflict() -> None:
    ours = Sheet("00012345", "ma0001-2026h", "10001", "2a", 1, 1, 1)
    assert isinstance(ask(C, Q, S, printed=ours), Identified)


@pytest.mark.parametrize("kind", PERSONAL)
def test_two_codes_of_one_kind_are_two_sheets_or_a_copy(kind: Kind) -> None:
    answer = held(C, Q, S, code(kind, angle_deg=3), printed=PRINTED)
    assert answer.reason is Reason.CODES_DISAGREE
    assert answer.evidence["conflict"] == f"the {kind.name.lower()} code is on the page more than once"


def test_codes_that_do_not_stand_as_they_were_printed() -> None:
    decoded = decode_all((C, Q, S), RING)
    good, bad = (identify(decoded, m, PRINTED) for m in (MISFIT_MM - 0.01, MISFIT_MM + 0.01))
    assert isinstance(good, Identified) and good.evidence["misfit_mm"] == 1.99
    assert isinstance(bad, Held) and bad.reason is Reason.CODES_DISAGREE
    assert bad.evidence["conflict"] == "codes stand 2.0 mm from where they were printed"


def test_a_code_pasted_elsewhere_on_its_own_sheet_is_found_out() -> None:
    moved = replace(Q, corners=tuple((x - 80, y + 400) for x, y in Q.corners))
    assert held(C, moved, S, printed=PRINTED).reason is Reason.CODES_DISAGREE


def test_a_sheet_that_only_this_program_could_print_but_is_not_on_record_is_identified() -> None:
    """The ledger was set up anew, or the sheet comes from a second machine with the same keys."""
    assert isinstance(ask(C, Q, S, printed=None), Identified)


P, TOP, L, M = (code(k) for k in (Kind.PAD, Kind.OPEN, Kind.CANDIDATE_LABEL, Kind.QUESTION_LABEL))
OPEN = code(Kind.PAD, replace(CLAIMS, question=None))
PAD_PRINTED = replace(PRINTED, candidate=None)


@pytest.mark.parametrize("codes", [(Q, P, L), (Q, L), (P, L), (P, L, L), (TOP, OPEN, L, M), (TOP, P, L)], ids=str)
def test_a_label_completes_a_sheet_of_a_pad(codes: tuple[Code, ...]) -> None:
    answer = ask(*codes)
    assert isinstance(answer, Identified) and answer.claims == CLAIMS


def test_a_pad_without_its_label_is_held_with_all_that_is_known() -> None:
    no_candidate, no_question = held(Q, P, printed=PAD_PRINTED), held(TOP, OPEN, L)
    assert no_candidate.reason is Reason.MISSING_CANDIDATE_CODE
    assert no_candidate.claims == replace(CLAIMS, candidate=None)
    assert no_question.reason is Reason.MISSING_QUESTION_CODE and no_question.claims == replace(CLAIMS, question=None)
    assert held(TOP, OPEN).reason is Reason.MISSING_CANDIDATE_CODE


def test_a_bound_sheet_needs_no_label_and_takes_no_other() -> None:
    bound = replace(PRINTED, bound=7)
    assert isinstance(ask(Q, P, printed=bound), Identified)
    assert isinstance(ask(Q, P, L, printed=bound), Identified)
    other = code(Kind.CANDIDATE_LABEL, replace(CLAIMS, candidate="10002"))
    assert held(Q, P, other, printed=bound).evidence["conflict"] == "candidate: 10001 against 10002"


@pytest.mark.parametrize("sheet", [(C, Q, S), (C, Q, S, L), (S,), (Q, P, L)], ids=str)
@pytest.mark.parametrize("change", [{"candidate": "10002"}, {"test": "FY1"}], ids=str)
def test_a_label_of_another_candidate_or_test_is_held(sheet: tuple[Code, ...], change: dict[str, str]) -> None:
    answer = held(*sheet, code(Kind.CANDIDATE_LABEL, replace(CLAIMS, **change)), printed=None)
    assert answer.reason is Reason.CODES_DISAGREE


@pytest.mark.parametrize("off_mm", [(200, 0), (-130, 0), (0, 300), (0, -60)], ids=str)
@pytest.mark.parametrize("codes", [(Q, P, L), (TOP, OPEN, L, M)], ids=["candidate", "question"])
def test_a_label_beside_the_sheet_is_not_stuck_on_it(codes: tuple[Code, ...], off_mm: tuple[float, float]) -> None:
    *others, label = codes
    beside = tuple((x + 8 * off_mm[0], y + 8 * off_mm[1]) for x, y in label.corners)
    answer = held(*others, replace(label, corners=beside))
    assert answer.reason is Reason.CODES_DISAGREE and "beside the sheet" in answer.evidence["conflict"]


def test_labels_alone_are_no_sheet() -> None:
    answer = held(L, M)
    assert answer.reason is Reason.MISSING_SHEET_CODE and answer.claims == replace(CLAIMS, serial=None)


def test_two_sheet_codes_of_pads_are_two_sheets() -> None:
    assert held(Q, P, code(Kind.PAD, angle_deg=3), L).reason is Reason.CODES_DISAGREE


def test_codes_of_a_rehearsal_beside_those_of_a_test() -> None:
    label = code(Kind.CANDIDATE_LABEL, rehearsal=True)
    answer = held(Q, P, label)
    assert answer.reason is Reason.CODES_DISAGREE and "rehearsal" in answer.evidence["conflict"]
    whole = ask(code(Kind.SHEET, rehearsal=True))
    assert isinstance(whole, Identified) and whole.rehearsal and whole.evidence["codes"][0]["rehearsal"] is True


def named(*codes: Code) -> set[str]:
    return serials(decode_all(codes, RING))


def test_which_serials_to_look_up() -> None:
    assert named(C, Q, S) == {"00012345"}
    assert named(C, code(Kind.QUESTION, OTHER)) == {"00012345", "00067890"}
    assert named(forged(claims=OTHER), foreign(), from_elsewhere(claims=OTHER)) == set()
    assert named(replace(S, symbology="datamatrix")) == set()
    assert named() == set()


def test_the_evidence_says_what_was_read_where_by_whom_and_what_it_is_worth() -> None:
    helped = replace(Q, help="searched at its place", reader="zbar")
    evidence = held(C, helped, forged(), foreign("X" * 5000)).evidence
    one, two, three, four = evidence["codes"]
    assert one == {
        "text": C.text,
        "symbology": "qr",
        "corners": [[round(x, 1), round(y, 1)] for x, y in C.corners],
        "reader": "zxing",
        "standing": "authentic",
        "kind": "candidate",
        "claims": {"test": "MA0001-2026H", "candidate": "10001", "serial": "00012345"},
    }
    assert (two["help"], two["reader"], two["kind"]) == ("searched at its place", "zbar", "question")
    assert "candidate" not in two["claims"]
    assert three["standing"] == "bad_signature" and three["claims"]["candidate"] == "10001"
    assert (four["standing"], four["why"]) == ("foreign", "not a code of scanpipe") and len(four["text"]) == 200
    assert json.loads(json.dumps(evidence)) == evidence


def test_sheets_from_before_a_rotation_are_identified() -> None:
    new = Key("NEW", b"the key of the day after tomorrow")
    answer = identify(decode_all((C, Q), Keyring.of(KEY, new)), None, None)
    assert isinstance(answer, Identified) and answer.claims == CLAIMS


FIELDS = ("test", "candidate", "question", "serial")
few = st.sampled_from
some_claims = st.builds(
    Claims, few(["MA1", "FY2"]), few(["10001", "10002"]), few(["1", "2A"]), few(["00000001", "00000002"])
)
usual_claims = st.just(Claims("MA1", "10001", "2A", "00000001"))
some_code = st.one_of(
    st.builds(code, few(NOT_GENERIC), usual_claims),
    st.builds(code, few(NOT_GENERIC), some_claims, rehearsal=st.booleans()),
    st.builds(forged, few(NOT_GENERIC), some_claims),
    st.builds(from_elsewhere, few(NOT_GENERIC), some_claims),
    st.builds(foreign, st.text(max_size=30), few(["qr", "datamatrix", "code128"])),
)
some_record = st.builds(
    Sheet,
    serial=few(["00000001", "00000002"]),
    test=few(["MA1", "ma1", "FY2"]),
    candidate=few(["10001", "10002", None]),
    question=few(["2a", "1", None]),
    number=st.just(1),
    of=st.just(1),
    revision=st.just(1),
)


def claimed(codes: list[Code], printed: Sheet | None) -> dict[str, set[str]]:
    """All that authentic codes and the record of printing say, by field."""
    said = [d.claims for c in codes if c.symbology == "qr" and isinstance(d := decode(c.text, RING), Authentic)]
    said += [Claims(printed.test, printed.candidate, printed.question, printed.serial)] if printed else []
    return {f: {v.upper() for c in said if (v := getattr(c, f)) is not None} for f in FIELDS}


def days(codes: list[Code]) -> set[bool]:
    """Of a rehearsal, of a test, or both: what the authentic codes say."""
    answers = [decode(c.text, RING) for c in codes if c.symbology == "qr"]
    return {d.rehearsal for d in answers if isinstance(d, Authentic)}


@given(
    st.lists(st.builds(code, few(NOT_GENERIC), some_claims), max_size=4) | st.lists(some_code, max_size=5),
    some_record | st.none(),
)
def test_no_mixture_of_codes_is_identified_that_should_not_be(codes: list[Code], printed: Sheet | None) -> None:
    answer = ask(*codes, printed=printed)
    values = claimed(codes, printed)
    all_ours = all(c.symbology == "qr" and isinstance(decode(c.text, RING), Authentic) for c in codes)
    if isinstance(answer, Identified):
        assert codes and all_ours and len(days(codes)) == 1 and answer.rehearsal in days(codes)
        assert values == {f: {getattr(answer.claims, f)} for f in FIELDS}
    elif codes:
        assert (answer.reason is Reason.CODES_DISAGREE) or len(days(codes)) < 2
        assert (answer.reason is Reason.CODES_DISAGREE) or all(len(v) <= 1 for v in values.values())
        # What is said to be known all the same is unanimous.
        known = {f: v for f in FIELDS if (v := getattr(answer.claims, f)) is not None}
        assert known == {f: next(iter(v)) for f, v in values.items() if len(v) == 1}


@given(st.permutations([C, Q, S, forged(claims=OTHER), foreign(), code(Kind.QUESTION, OTHER)]), st.integers(1, 6))
def test_the_order_of_reading_makes_no_difference(codes: list[Code], count: int) -> None:
    one, two = ask(*codes[:count]), ask(*reversed(codes[:count]))
    assert type(one) is type(two) and one.claims == two.claims
    assert getattr(one, "reason", None) == getattr(two, "reason", None)
