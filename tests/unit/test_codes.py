"""The grammar of the codes: what is said comes back, and nobody else can say it."""

import base64
import hashlib
import hmac
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scanpipe.codes import (
    LABELS,
    Authentic,
    BadSignature,
    Foreign,
    Key,
    Keyring,
    Kind,
    decode,
    encode,
    parse,
)
from scanpipe.definitions import id_problem
from scanpipe.model import Claims
from tests.helpers import CLAIMS, KEY, NOT_GENERIC, RING

OLD, NEW = Key("AAA", b"the key of last spring, 32 bytes"), Key("BBB", b"the key of this autumn, 32 bytes")
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyzÆØÅæøåÄÖÜäöüÉé"
STRANGERS = "\0\n\r\t\x1d \x7f\u00a0\u200b\ufeff_/\\<>&%*:.-+,;'\"$ÆØÅæßıſСоΚΒ０１Ａ\u030a\u0661\U0001d7d8"
"""Blanks, marks, look-alikes: Cyrillic, Greek, full-width, mathematical and Arabic digits, a combining ring."""
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abcdefghijklmnopqrstuvwxyz" + STRANGERS


def ids(longest: int) -> st.SearchStrategy[str]:
    alphabet = LETTERS + "0123456789._-"
    return st.text(alphabet, min_size=1, max_size=longest).filter(lambda t: id_problem(t, longest) is None)


claims_of_any_sheet = st.builds(Claims, ids(40), ids(20), ids(20), st.integers(0, 99_999_999).map(lambda n: f"{n:08d}"))


def said_by(kind: Kind, claims: Claims) -> Claims:
    """What a code of this kind says of a sheet: all in capitals, without what its kind leaves open."""
    return Claims(
        claims.test.upper(),
        claims.candidate.upper() if kind in (Kind.CANDIDATE, Kind.SHEET, Kind.CANDIDATE_LABEL) else None,
        None if kind in (Kind.CANDIDATE, Kind.OPEN, Kind.CANDIDATE_LABEL) else claims.question.upper(),
        None if kind in LABELS else claims.serial,
    )


@given(claims_of_any_sheet, st.sampled_from(NOT_GENERIC), st.booleans(), st.booleans())
@example(Claims("ÆØÅ-æøå.É_ü", "Ö1", "2ä", "00000000"), Kind.SHEET, True, False)
def test_every_claim_comes_back_in_capitals(claims: Claims, kind: Kind, letter: bool, rehearsal: bool) -> None:
    text = encode(kind, claims, KEY, letter=letter, rehearsal=rehearsal)
    assert decode(text, RING) == Authentic(kind, said_by(kind, claims), rehearsal)
    parsed = parse(text)
    assert parsed is not None and parsed.letter is letter and parsed.key_id == KEY.id
    assert parsed.rehearsal is rehearsal


def test_an_open_pad_claims_no_question() -> None:
    claims = replace(CLAIMS, candidate=None, question=None)
    for kind in (Kind.PAD, Kind.OPEN):
        assert decode(encode(kind, claims, KEY), RING) == Authentic(kind, claims)


@pytest.mark.parametrize("kind", LABELS)
def test_a_label_has_no_serial_and_cannot_be_given_one(kind: Kind) -> None:
    text = encode(kind, replace(CLAIMS, serial=None), KEY)
    assert text == encode(kind, CLAIMS, KEY)
    numbered = text[:8] + "00012345" + text[16:]
    assert isinstance(decode(numbered[:16] + mac(numbered) + numbered[26:], RING), Foreign)


def test_a_rehearsal_cannot_be_made_of_a_live_sheet() -> None:
    text = encode(Kind.SHEET, CLAIMS, KEY)
    assert isinstance(decode(text[:4] + "E" + text[5:], RING), BadSignature)


@given(claims_of_any_sheet, st.sampled_from(NOT_GENERIC))
def test_a_text_packs_as_qr_alphanumeric(claims: Claims, kind: Kind) -> None:
    assert set(encode(kind, claims, KEY)) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 $%*+-./:")


def altered(text: str) -> set[str]:
    """Every text that is one change, one insertion, one deletion or one swap of neighbours away."""
    changed = {text[:i] + c + text[i + 1 :] for i in range(len(text)) for c in ALPHABET}
    inserted = {text[:i] + c + text[i:] for i in range(len(text) + 1) for c in ALPHABET}
    deleted = {text[:i] + text[i + 1 :] for i in range(len(text))}
    swapped = {text[:i] + text[i + 1] + text[i] + text[i + 2 :] for i in range(len(text) - 1)}
    return (changed | inserted | deleted | swapped) - {text}


@pytest.mark.parametrize("kind", NOT_GENERIC)
def test_no_change_of_one_character_is_authentic(kind: Kind) -> None:
    claims = Claims("MÆ-1.Å", "10001", "2A", "00012345")
    ring = Keyring.of(OLD, NEW, KEY)
    answers = {t: decode(t, ring) for t in altered(encode(kind, claims, KEY))}
    assert len(answers) > 5000
    assert [t for t, answer in answers.items() if isinstance(answer, Authentic)] == []
    # What still follows the grammar and names the key is known for what it is.
    grammatical = {t: a for t, a in answers.items() if (p := parse(t)) and p.key_id == KEY.id}
    assert len(grammatical) > 300
    assert all(isinstance(a, BadSignature) for a in grammatical.values())


@given(claims_of_any_sheet, claims_of_any_sheet, st.sampled_from(NOT_GENERIC))
def test_a_signature_does_not_fit_other_claims(claims: Claims, other: Claims, kind: Kind) -> None:
    one, two = encode(kind, claims, KEY), encode(kind, other, KEY)
    if one[16:26] != two[16:26]:
        mixed = decode(one[:16] + two[16:26] + one[26:], RING)
        assert mixed == BadSignature(kind, said_by(kind, claims))


def test_a_code_of_one_kind_cannot_become_one_of_another() -> None:
    text = encode(Kind.CANDIDATE, replace(CLAIMS, candidate="3"), KEY)
    assert isinstance(decode(text.replace("SP1C", "SP1Q"), RING), BadSignature)


def test_fields_cannot_be_moved_across_their_borders() -> None:
    one = encode(Kind.SHEET, Claims("T", "1", "23", "00000001"), KEY)
    assert one.endswith("T:1:23")
    assert isinstance(decode(one[: -len("1:23")] + "12:3", RING), BadSignature)


def test_letter_paper_cannot_be_claimed_afterwards() -> None:
    text = encode(Kind.SHEET, CLAIMS, KEY)
    assert text[4] == "A"
    assert isinstance(decode(text[:4] + "B" + text[5:], RING), BadSignature)


def test_a_kind_of_sheet_from_a_later_version_is_foreign_though_we_signed_it() -> None:
    text = encode(Kind.SHEET, CLAIMS, KEY)
    later = text[:4] + "C" + text[5:]
    answer = decode(later[:16] + mac(later) + later[26:], RING)
    assert isinstance(answer, Foreign) and "version" in answer.why


def mac(text: str) -> str:
    """The signature by the words of the module's docstring, written down a second time."""
    digest = hmac.new(KEY.secret, f"{text[:16]}\n{text[26:]}".encode(), hashlib.sha256).digest()
    return base64.b32encode(digest).decode()[:10]


def test_the_signature_is_fifty_bits_of_hmac_sha256() -> None:
    text = encode(Kind.SHEET, CLAIMS, KEY)
    assert text[16:26] == mac(text)


def test_another_installation_is_foreign_and_named() -> None:
    answer = decode(encode(Kind.SHEET, CLAIMS, Key("ZZZ", b"x" * 32)), RING)
    assert isinstance(answer, Foreign) and "ZZZ" in answer.why


def test_another_installation_whose_key_has_our_id_does_not_get_through() -> None:
    answer = decode(encode(Kind.SHEET, CLAIMS, Key(KEY.id, b"x" * 32)), RING)
    assert answer == BadSignature(Kind.SHEET, CLAIMS)


GOOD = encode(Kind.SHEET, CLAIMS, KEY)
SHEETLIKE = st.tuples(st.integers(0, len(GOOD)), st.text(max_size=8), st.integers(0, len(GOOD))).map(
    lambda t: GOOD[: t[0]] + t[1] + GOOD[t[2] :]
)


@given(st.one_of(st.text(max_size=200), SHEETLIKE, st.text(st.sampled_from(ALPHABET), max_size=80)))
@example("")
@example("A" * 100_000)
@example(GOOD * 400)
@example("SP1" * 4000)
@example("SP1SAK7Q" + "0" * 8 + "A" * 10 + "A" * 5000 + ":1:2")
@example("SP1SAK7Q" + "0" * 8 + "A" * 10 + ":".join("*0" * 3000))
@example(GOOD + "\n")
@example("\n" + GOOD)
@example(GOOD + "\0")
@example(GOOD + " ")
@example("\ufeff" + GOOD)
@example(GOOD.lower())
@example(GOOD.replace("S", "\u0405"))
@example(GOOD.replace("C", "С"))
@example(GOOD.translate({ord(d): ord(d) - ord("0") + 0xFF10 for d in "0123456789"}))
@example(GOOD.translate({ord(d): ord(d) - ord("0") + 0x0660 for d in "0123456789"}))
@example(GOOD.replace("A", "A\u030a"))
@example("../../../etc/passwd")
@example("tests/MA0001-2026H/candidates/10001/questions/2A/")
@example("<script>alert(1)</script>")
@example("'; DROP TABLE event; --")
@example("https://example.org/?q=SP1SAK7Q")
@example("\ud800")
@example("%s%n{0}${x}")
def test_any_other_text_is_an_answer_and_never_authentic(text: str) -> None:
    answer = decode(text, RING)
    if text == GOOD:
        return
    assert isinstance(answer, Foreign | BadSignature)
    if isinstance(answer, Foreign):
        assert len(answer.why) < 100  # it may end up in a log line: never the text itself


@pytest.mark.parametrize("tail", ["\n", "\r\n", "\0", " ", "\u2028", "\x85"])
def test_nothing_may_follow_a_code(tail: str) -> None:
    assert isinstance(decode(GOOD + tail, RING), Foreign)


def test_sheets_printed_before_a_rotation_stay_readable() -> None:
    before = encode(Kind.SHEET, CLAIMS, OLD)
    ring = Keyring.of(OLD, NEW)
    assert ring.active is NEW
    assert decode(before, ring) == Authentic(Kind.SHEET, CLAIMS)
    after = encode(Kind.SHEET, CLAIMS, ring.active)
    assert decode(after, ring) == Authentic(Kind.SHEET, CLAIMS)
    assert isinstance(decode(after, Keyring.of(OLD)), Foreign)
    # A key vouches for its own sheets only.
    assert isinstance(decode(before[:5] + NEW.id + before[8:], ring), BadSignature)


def test_the_secret_is_not_shown() -> None:
    for shown in (repr(OLD), str(OLD), f"{Keyring.of(OLD, NEW)}", repr([OLD])):
        assert "last spring" not in shown and OLD.secret.hex() not in shown
        assert "AAA" in shown


@pytest.mark.parametrize(
    ("kind", "missing"),
    [
        (Kind.CANDIDATE, "candidate"),
        (Kind.QUESTION, "question"),
        (Kind.SHEET, "candidate"),
        (Kind.SHEET, "question"),
        (Kind.SHEET, "test"),
        (Kind.SHEET, "serial"),
        (Kind.PAD, "serial"),
        (Kind.OPEN, "test"),
        (Kind.CANDIDATE_LABEL, "candidate"),
        (Kind.QUESTION_LABEL, "question"),
    ],
)
def test_a_code_is_not_printed_without_what_it_must_say(kind: Kind, missing: str) -> None:
    with pytest.raises(ValueError, match="needs more than"):
        encode(kind, replace(CLAIMS, **{missing: None}), KEY)


@pytest.mark.parametrize(
    "claims",
    [
        replace(CLAIMS, serial="123"),
        replace(CLAIMS, serial="1234567X"),
        replace(CLAIMS, serial="１２３４５６７８"),
        replace(CLAIMS, candidate=""),
        replace(CLAIMS, candidate="10:01"),
        replace(CLAIMS, candidate="10*11"),
        replace(CLAIMS, candidate="10 01"),
        replace(CLAIMS, candidate="a/b"),
        replace(CLAIMS, question="\u0421"),
        replace(CLAIMS, question="A\u030a"),
        replace(CLAIMS, test="X" * 121),
        replace(CLAIMS, test="Å" * 130),
    ],
)
def test_what_the_grammar_cannot_spell_is_not_printed(claims: Claims) -> None:
    with pytest.raises(ValueError, match="cannot spell"):
        encode(Kind.SHEET, claims, KEY)


@pytest.mark.parametrize("id", ["Straße", "ﬁ", "ſ", "dı"])
def test_letters_that_share_a_capital_with_others_are_not_printed(id: str) -> None:
    """ß is SS in capitals: two ids would become one."""
    with pytest.raises(ValueError, match="cannot spell"):
        encode(Kind.SHEET, replace(CLAIMS, question=id), KEY)


@given(ids(40), st.integers(0, 99_999_999), st.booleans())
def test_a_generic_sheet_says_its_layout_its_serial_and_perhaps_a_test(test: str, number: int, letter: bool) -> None:
    for of in (None, test):
        claims = Claims(of, serial=f"{number:08d}")
        text = encode(Kind.GENERIC, claims, KEY, letter=letter, layout="generic-1")
        said = Claims(None if of is None else of.upper(), serial=claims.serial)
        assert decode(text, RING) == Authentic(Kind.GENERIC, said)
        parsed = parse(text)
        assert parsed is not None and (parsed.layout, parsed.letter) == ("GENERIC-1", letter)


def test_no_change_of_one_character_of_a_generic_sheets_code_is_authentic() -> None:
    text = encode(Kind.GENERIC, Claims(serial="00012345"), KEY, layout="generic-1")
    assert not any(isinstance(decode(t, RING), Authentic) for t in altered(text) - {text})


def test_a_generic_sheet_needs_a_layout_and_has_no_more_than_a_test() -> None:
    with pytest.raises(ValueError, match="layout"):
        encode(Kind.GENERIC, Claims(serial="00012345"), KEY)
    whole = encode(Kind.SHEET, Claims("T", "1", "2", "00012345"), KEY)
    assert parse(whole.replace("SP1S", "SP1G")) is None and parse(whole.rpartition(":")[0].rpartition(":")[0]) is None
