"""Which keys and metadata stores take."""

from __future__ import annotations

import os.path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanpipe.stores import check_key
from scanpipe.stores._checks import check_put, from_header, to_header

SHA256 = "0123456789abcdef" * 4
LETTERS = st.characters(exclude_categories=("Cc", "Cs"), exclude_characters="/\\")
SEGMENTS = st.text(LETTERS, min_size=1, max_size=60).filter(lambda s: s not in (".", "..") and len(s.encode()) <= 255)
KEYS = (
    st.lists(SEGMENTS, min_size=1, max_size=6)
    .map("/".join)
    .filter(lambda key: not key.startswith(".") and len(key.encode()) <= 1024)
)
NASTY = st.text(st.sampled_from("ab./\\\0\x1f\x7f\x9f\ud800ø"), max_size=12)


def is_key(text: str) -> bool:
    try:
        check_key(text)
    except ValueError:
        return False
    return True


@given(KEYS)
def test_ordinary_keys_are_taken(key: str) -> None:
    check_key(key)


@given(
    KEYS, st.sampled_from(["/{}", "{}/", "{}//x", "{}/./x", "{}/../x", "../{}", "./{}", ".{}", "{}\\x", "{}\0", "\n{}"])
)
def test_one_thing_wrong_is_enough(key: str, spoiled: str) -> None:
    assert not is_key(spoiled.format(key))


@given(NASTY | st.text(max_size=20))
def test_what_is_taken_stays_in_its_folder(text: str) -> None:
    if is_key(text):
        assert os.path.normpath(f"/objects/{text}") == f"/objects/{text}"
        assert text.isprintable() or not any(ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 for c in text)
        assert text.encode().decode() == text
        assert not text.startswith(".")


@pytest.mark.parametrize(("letter", "most"), [("x", 255), ("ø", 127), ("日", 85)])
def test_lengths_are_counted_in_bytes(letter: str, most: int) -> None:
    assert is_key(letter * most)
    assert not is_key(letter * (most + 1))


def test_the_whole_has_a_length_too() -> None:
    assert is_key("a/" * 511 + "aa")
    assert not is_key("a/" * 511 + "aaa")


def test_the_complaint_names_key_and_cause() -> None:
    with pytest.raises(ValueError, match="cannot be an object key") as complaint:
        check_key("held/\n")
    assert str(complaint.value) == r"'held/\n' cannot be an object key: '\n' cannot stand in it"


@given(st.text(st.characters(exclude_categories=()), max_size=40))
def test_any_text_travels_in_a_header(text: str) -> None:
    value = to_header(text)
    assert value
    assert all(0x21 <= ord(c) <= 0x7E for c in value)
    assert from_header(value) == text


@pytest.mark.parametrize("text", ["", "%", "%25", "%20", " ", "Åse", "\udcff", "100 %"])
def test_texts_that_look_encoded_travel_too(text: str) -> None:
    assert from_header(to_header(text)) == text


def test_plain_texts_stay_readable() -> None:
    assert to_header("image/jpeg;skew=-0.31") == "image/jpeg;skew=-0.31"


@pytest.mark.parametrize("digest", ["", "0" * 63, "0" * 65, SHA256.upper(), "g" * 64, SHA256 + "\n"])
def test_digests_are_lower_case_hex(digest: str) -> None:
    with pytest.raises(ValueError, match="SHA-256"):
        check_put("a", digest, "image/jpeg", {})


@pytest.mark.parametrize(
    "media_type", ["", "jpeg", "image/", "/jpeg", "image/jpeg\r\nx: y", "image/jpeg ", "bilde/jpæg"]
)
def test_media_types_are_plain(media_type: str) -> None:
    with pytest.raises(ValueError, match="media type"):
        check_put("a", SHA256, media_type, {})


def test_metadata_has_room_for_what_is_needed() -> None:
    check_put("a", SHA256, "text/plain; charset=utf-8", {"scan": SHA256, "skew_deg": "-0.31", "file": "ø" * 255})
    with pytest.raises(ValueError, match="2000 are allowed"):
        check_put("a", SHA256, "image/jpeg", {"file": "ø" * 340})
