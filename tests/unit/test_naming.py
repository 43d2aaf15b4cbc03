"""Names of files that are handed over: none is unsafe, none is given twice, whatever the ids and the pattern are."""

from __future__ import annotations

from pathlib import PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanpipe.definitions import id_problem
from scanpipe.desk.naming import FIELDS, Named, check_names, check_pattern, name_of
from scanpipe.faults import Refused, UsageFault

ONE = Named("MA0001-2026H", "10001", "2a", "Oppgave 2a: tegn...skriv/", "00000017", 2, "pdf")
ids = st.from_regex("[aAcCoOnN1Åå]([.-]?[aAcCoOnN1Åå]){0,3}", fullmatch=True).filter(lambda id: not id_problem(id, 20))
named = st.builds(
    Named,
    test=ids,
    candidate=ids,
    question=ids,
    label=st.text(min_size=1, max_size=30),
    serial=st.none() | st.from_regex("[0-9]{8}", fullmatch=True),
    n=st.integers(1, 99),
    ext=st.sampled_from(["jpg", "png", "pdf"]),
)
pieces = st.sampled_from([f"{{{field}}}" for field in FIELDS]) | st.text(alphabet="a-_ /.\\:*Ø(){}", max_size=3)
patterns = st.lists(pieces, max_size=6).map(lambda parts: "".join(parts) + ".{ext}")


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("{candidate}_{question}.{ext}", "10001_2a.pdf"),
        ("{test}/{candidate}/{question}-{n}.{ext}", "MA0001-2026H/10001/2a-2.pdf"),
        ("{label} ({serial}).{ext}", "Oppgave_2a_tegn.skriv (00000017).pdf"),
    ],
)
def test_a_pattern_names_a_file(pattern: str, name: str) -> None:
    check_pattern(pattern)
    assert name_of(pattern, ONE) == name


def test_a_sheet_that_was_not_printed_here_has_no_serial() -> None:
    assert name_of("{serial}.{ext}", Named("T", "1", "2", "L", None, 1, "jpg")) == "no-serial.jpg"


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "{candidate}",
        "{candidate}.jpg",
        "{name}.{ext}",
        "{candidate!r}.{ext}",
        "{candidate.__class__}.{ext}",
        "{candidate:99999999}.{ext}",
        "{}.{ext}",
        "{candidate.{ext}",
        "candidate}.{ext}",
        "/{candidate}.{ext}",
        "../{candidate}.{ext}",
        "a/../{candidate}.{ext}",
        "a//{candidate}.{ext}",
        "C:{candidate}.{ext}",
        "a\\{candidate}.{ext}",
        "{candidate}?.{ext}",
        "{candidate}\n.{ext}",
        " {candidate}.{ext}",
        "-{candidate}.{ext}",
        "={candidate}.{ext}",
        ".{ext}",
        "nul/{candidate}.{ext}",
        "com1.{candidate}.{ext}",
        "a./{candidate}.{ext}",
        "{candidate}..{ext}",
        "x" * 200 + "{candidate}.{ext}",
    ],
)
def test_a_pattern_that_cannot_name_files_is_refused(pattern: str) -> None:
    with pytest.raises(UsageFault):
        check_pattern(pattern)


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["a.jpg", "A.JPG"], "several files would be called A.JPG"),
        (["1.jpg", "b/2.jpg", "1.jpg/3.jpg"], "1.jpg would be a folder, too"),
        (["manifest.json"], "the list of files"),
        (["Manifest.CSV"], "the list of files"),
        (["CON.jpg"], "Windows keeps for a device"),
        (["con .jpg"], "Windows keeps for a device"),
        (["a/lpt9.tar.jpg"], "Windows keeps for a device"),
        (["../a.jpg"], "cannot be called everywhere"),
        (["a/" * 100 + "a.jpg"], "more than 180"),
    ],
)
def test_names_that_some_system_cannot_have_together_are_refused(names: list[str], told: str) -> None:
    with pytest.raises(Refused, match=told):
        check_names(names)


def test_many_wrong_names_are_counted() -> None:
    with pytest.raises(Refused, match="and 4 more"):
        check_names(["a.jpg"] * 10)


@settings(max_examples=80)
@given(patterns, st.lists(named, max_size=4))
def test_whatever_passes_the_check_is_safe_and_tells_files_apart(pattern: str, files: list[Named]) -> None:
    try:
        check_pattern(pattern)
        names = [name_of(pattern, one) for one in files]
        check_names(names)
    except (UsageFault, Refused):
        return
    assert len({name.casefold() for name in names}) == len(files)
    for name in names:
        assert not PurePosixPath(name).is_absolute() and not PureWindowsPath(name).drive
        assert not PureWindowsPath(name).is_reserved()
        assert not set(name) & set('\\:*?"<>|') and name.isprintable()
        for part in name.split("/"):
            assert part not in ("", ".", "..") and part[0] not in " .-" and part[-1] not in " ."


@settings(max_examples=60)
@given(st.lists(st.tuples(ids, ids), unique_by=lambda pair: (pair[0].upper(), pair[1].upper()), max_size=6))
def test_two_slots_with_one_name_are_always_told(slots: list[tuple[str, str]]) -> None:
    pattern = "{candidate}{question}.{ext}"
    names = [name_of(pattern, Named("T", c, q, "L", None, 1, "jpg")) for c, q in slots]
    distinct = len({name.casefold() for name in names}) == len(names)
    try:
        check_names(names)
    except Refused as e:
        assert not distinct or "Windows" in e.message or "two dots" in e.message
    else:
        assert distinct
