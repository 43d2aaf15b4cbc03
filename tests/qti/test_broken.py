"""What is wrong with a package is told in words, with file and line; what is hostile costs neither memory, time nor secrets."""

from __future__ import annotations

import io
import struct
import time
import tracemalloc
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanpipe.definitions.problems import Problem, Spot
from scanpipe.definitions.qti import CandidateList, Wish, import_path, import_zip
from scanpipe.definitions.qti import xml_tree as xml
from scanpipe.definitions.qti.xml_tree import parse
from tests.qti.makers import V21, V22, V30, assessment, exam, item, manifest, ref, section, zipped
from tests.qti.test_packages import HEADING, problems, read

BILLION = """<?xml version="1.0"?>
<!DOCTYPE lolz [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>
<assessmentItem title="&b;"/>"""
OUTSIDE = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'
PARAMETER = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x.dtd"> %p;]><x/>'


def with_file(name: str, body: str | bytes) -> list[str]:
    return problems({**exam(V22), name: body})


@pytest.mark.parametrize(
    ("name", "body", "place", "told"),
    [
        ("items/graf.xml", "<assessmentItem>\n\n<p>", "items/graf.xml, line 3", "broken XML"),
        ("items/graf.xml", "", "items/graf.xml, line 1", "broken XML"),
        ("items/graf.xml", "<a/>\nx", "items/graf.xml, line 2", "broken XML"),
        ("items/graf.xml", BILLION, "items/graf.xml, line 2", "the declaration of an entity"),
        ("items/graf.xml", OUTSIDE, "items/graf.xml, line 1", "the declaration of an entity"),
        ("items/graf.xml", PARAMETER, "items/graf.xml, line 1", "the declaration of an entity"),
        ("items/graf.xml", b"<?xml version='1.0' encoding='klingon'?><a/>", "items/graf.xml", "encoding"),
        ("items/graf.xml", "<a>" * 300 + "</a>" * 300, "items/graf.xml, line 1", "nested too deeply"),
        ("items/graf.xml", "\n<assessmentItem xmlns='urn:x' identifier='a'/>", "items/graf.xml, line 2", '"urn:x"'),
        ("items/graf.xml", assessment(V22), "exam.zip", "the tests"),
        ("test.xml", exam(V22)["items/graf.xml"], "items/graf.xml, line 2", 'the item "graf" once more'),
        ("imsmanifest.xml", "<resources/>", "imsmanifest.xml, line 1", 'the element "resources"'),
        ("imsmanifest.xml", "<manifest>\n<resource", "imsmanifest.xml, line 2", "broken XML"),
    ],
)
def test_a_broken_file_is_told_with_its_line(name: str, body: str | bytes, place: str, told: str) -> None:
    found = with_file(name, body)
    assert any(p.startswith(place) and told in p for p in found), found


def changed(old: str, new: str, name: str = "test.xml") -> list[str]:
    files = exam(V30)
    body = str(files[name])
    assert old in body
    return problems({**files, name: body.replace(old, new, 1)})


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("items/graf.xml", "items/graff.xml", "but no such file"),
        ("items/graf.xml", "../../etc/passwd", "within the package"),
        ("items/graf.xml", "%2e%2e/%2e%2e/etc/passwd", "within the package"),
        ("items/graf.xml", "/etc/passwd", "within the package"),
        ("items/graf.xml", "file:///etc/passwd", "within the package"),
        ("items/graf.xml", "http://127.0.0.1:9/graf.xml", "within the package"),
        ("items/graf.xml", "//127.0.0.1/graf.xml", "within the package"),
        ("items/graf.xml", "items\\graf.xml", "within the package"),
        ("items/graf.xml", "", "within the package"),
        ('identifier="2b"', 'identifier="2a"', 'the item "2a" once more'),
        ("items/graf.xml", "test.xml", 'the element "assessmentTest"'),
    ],
)
def test_a_reference_that_leads_nowhere_is_told_where_it_stands(old: str, new: str, told: str) -> None:
    (found,) = changed(old, new)
    assert told in found and found.startswith("test.xml, line ")


def test_what_the_manifest_lists_must_be_there() -> None:
    (found,) = changed("items/valg.xml", "items/vale.xml", "imsmanifest.xml")
    assert found.startswith("imsmanifest.xml, line ") and "but no such file" in found
    assert "within the package" in changed("items/valg.xml", "../valg.xml", "imsmanifest.xml")[0]


def test_what_is_no_package_is_told(tmp_path: Path) -> None:
    wish = Wish(HEADING)
    for body in (b"", b"PK\x03\x04 and no more", b"%PDF-1.4", zipped(exam(V21))[:-60], b"x" * 100_000):
        (told,) = import_zip(io.BytesIO(body), "exam.zip", wish).problems
        assert "ZIP" in told.found
    assert "no imsmanifest.xml" in problems({"readme.txt": "hei"})[0]
    assert "2 of them" in problems({"a/imsmanifest.xml": "", "b/imsmanifest.xml": ""})[0]
    assert "QTI 1" in problems({"imsmanifest.xml": manifest(V21, [], ["q.xml"]), "q.xml": "<questestinterop/>"})[0]
    assert "no question" in problems({"imsmanifest.xml": manifest(V21, [], [])})[0]
    assert "cannot be read" in import_path(tmp_path / "none.xml", wish).problems[0].found
    assert "cannot be read" in import_path(tmp_path / "none.zip", wish).problems[0].found


def test_candidates_are_told_with_the_line_of_their_list() -> None:
    listed = CandidateList("people.csv", b"Kandidatnr,Ekstra tid\n1,25 %\n2,\n2,x\n")
    told = problems(exam(V21), Wish(HEADING, candidates=listed))
    assert [p.split(":")[0] for p in told] == [
        'people.csv, line 2, column "Ekstra tid"',
        'people.csv, line 4, column "Ekstra tid"',
        'people.csv, line 4, column "Kandidatnr"',
    ]


def test_a_link_in_a_folder_leads_nowhere(tmp_path: Path) -> None:
    secret = tmp_path / "secret.xml"
    secret.write_text(item(V22, "secret", "S", "drawing"))
    folder = tmp_path / "exam"
    folder.mkdir()
    (folder / "t.xml").write_text(assessment(V22, section(V22, "S", ref(V22, "1", "a.xml"))))
    (folder / "a.xml").symlink_to(secret)
    assert "no such file" in str(import_path(folder / "t.xml", Wish(HEADING)).problems[0])


def test_an_encrypted_a_damaged_and_a_doubled_file_are_told() -> None:
    body = bytearray(zipped(exam(V22)))
    central = body.index(b"PK\x01\x02")
    body[central + 8] |= 1
    told = [str(p) for p in import_zip(io.BytesIO(bytes(body)), "exam.zip", Wish(HEADING)).problems]
    assert any("encrypted" in p for p in told)
    damaged = bytearray(zipped(exam(V22)))
    start = damaged.index(b"imsmanifest.xml") + len("imsmanifest.xml")
    damaged[start + 20 : start + 40] = bytes(20)
    assert "cannot be unpacked" in str(import_zip(io.BytesIO(bytes(damaged)), "exam.zip", Wish(HEADING)).problems[0])
    twice = io.BytesIO()
    with zipfile.ZipFile(twice, "w") as zip, pytest.warns(UserWarning, match="Duplicate"):
        zip.writestr("imsmanifest.xml", "")
        zip.writestr("imsmanifest.xml", "")
    assert "twice" in str(import_zip(twice, "exam.zip", Wish(HEADING)).problems[0])


def test_a_file_without_a_name_does_no_harm() -> None:
    """Found by damaging 12,000 packages at random."""
    nameless = zipped({**exam(V22), "x": ""})
    at = nameless.rindex(b"PK\x01\x02")
    nameless = nameless[: at + 28] + b"\0\0" + nameless[at + 30 : at + 32] + b"\1\0" + nameless[at + 34 :]
    assert import_zip(io.BytesIO(nameless), "exam.zip", Wish(HEADING)).problems == ()


def measured(files: dict[str, str | bytes]) -> tuple[list[str], float, float]:
    """Problems, seconds and MB that reading took."""
    body = zipped(files)
    tracemalloc.start()
    begun = time.monotonic()
    told = [str(p) for p in import_zip(io.BytesIO(body), "exam.zip", Wish(HEADING)).problems]
    took = time.monotonic() - begun
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return told, took, peak / 1e6


def test_a_bomb_is_unpacked_no_further_than_its_bound() -> None:
    bomb = b"<a>" + b" " * 25_000_000 + b"</a>"
    told, _, peak_mb = measured({**exam(V22), "items/graf.xml": bomb, "media/axes.png": bomb})
    assert any("a larger file" in p for p in told) and peak_mb < 20


def test_a_list_of_files_without_end_is_not_read() -> None:
    body = zipped({"imsmanifest.xml": ""})
    end = body.rindex(b"PK\x05\x06")
    for count, size in ((65_535, 50), (1, 500_000_000)):
        lying = body[: end + 10] + struct.pack("<HI", count, size) + body[end + 16 :]
        assert "very many files" in str(import_zip(io.BytesIO(lying), "exam.zip", Wish(HEADING)).problems[0])


def test_elements_without_end_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml, "MOST_ELEMENTS", 1000)
    told: list[Problem] = []
    assert parse(b"<a>" + b"<b/>" * 2000 + b"</a>", Spot("a.xml", told)) is None
    assert "too many of them" in told[0].found


def test_sections_that_lead_to_each_other_end() -> None:
    to = '<assessmentSectionRef identifier="A" href="{}"/>'
    part = section(V22, "X", *[to.format("y.xml")] * 10).replace("Section ", f"Section {V22.xmlns} ", 1)
    files = {
        "imsmanifest.xml": manifest(V22, ["t.xml"], ["a.xml"]),
        "t.xml": assessment(V22, section(V22, "S", to.format("x.xml"))),
        "a.xml": item(V22, "a", "A", "drawing"),
        "x.xml": part,
        "y.xml": part.replace("y.xml", "x.xml"),
    }
    begun = time.monotonic()
    assert any("once more" in p for p in problems(files)) and time.monotonic() - begun < 2


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.binary(min_size=1, max_size=8))
def test_damage_anywhere_is_a_problem_or_none(at: int, noise: bytes) -> None:
    body = bytearray(PACKED)
    at %= len(body)
    body[at : at + len(noise)] = noise
    imported = import_zip(io.BytesIO(bytes(body)), "exam.zip", Wish(HEADING))
    assert imported.problems or imported.text


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="<>/&;!?[]\"'= \nabENTIYDOC-qti:", max_size=60) | st.binary(max_size=40))
def test_any_xml_has_an_answer(body: str | bytes) -> None:
    told: list[Problem] = []
    root = parse(body.encode() if isinstance(body, str) else body, Spot("a.xml", told))
    assert (root is None) == bool(told)


PACKED = zipped(exam(V30))
assert read(exam(V30)).problems == ()
