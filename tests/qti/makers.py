"""Packages of QTI as the specifications of 2.1, 2.2 and 3.0 shape them, made here."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

ITEMS = "items/"
_DASH = re.compile("(?<=[a-z])([A-Z])")
_DECLARED = {"drawing": "file", "upload": "file", "extendedText": "string", "choice": "identifier"}


@dataclass(frozen=True)
class Version:
    """How a version spells things."""

    name: str
    space: str
    manifest_space: str
    suffix: str
    prefix: str = ""

    def tag(self, name: str) -> str:
        """`drawingInteraction`, in QTI 3 `qti-drawing-interaction`."""
        dashed = f"qti-{self.attribute(name)}" if self.suffix == "v3p0" else name
        return f"{self.prefix}{dashed}"

    def attribute(self, name: str) -> str:
        return _DASH.sub(lambda m: f"-{m[1].lower()}", name) if self.suffix == "v3p0" else name

    @property
    def xmlns(self) -> str:
        return f'xmlns:{self.prefix[:-1]}="{self.space}"' if self.prefix else f'xmlns="{self.space}"'


V21 = Version("2.1", "http://www.imsglobal.org/xsd/imsqti_v2p1", "http://www.imsglobal.org/xsd/imscp_v1p1", "v2p1")
V22 = Version("2.2", "http://www.imsglobal.org/xsd/imsqti_v2p2", "http://www.imsglobal.org/xsd/imscp_v1p1", "v2p2")
V30 = Version(
    "3.0",
    "http://www.imsglobal.org/xsd/imsqtiasi_v3p0",
    "http://www.imsglobal.org/xsd/qti/qtiv3p0/imscp_v1p1",
    "v3p0",
)
PREFIXED = Version("2.2", V22.space, V22.manifest_space, "v2p2", "q:")
ALL = (V21, V22, V30, PREFIXED)


def item(v: Version, identifier: str, title: str, *kinds: str, language: str = "nb") -> str:
    """An item with one interaction of each kind."""
    answers = {kind: f"RESPONSE{n}" for n, kind in enumerate(kinds, 1)}
    declared = "".join(
        f'<{v.tag("responseDeclaration")} identifier="{id}" cardinality="single"'
        f' {v.attribute("baseType")}="{_DECLARED.get(kind, "string")}"/>'
        for kind, id in answers.items()
    )
    asked = "".join(_interaction(v, kind, id) for kind, id in answers.items())
    head = f'{v.xmlns} identifier="{identifier}" title="{title}" xml:lang="{language}"'
    body = f"<{v.tag('itemBody')}><div><p>Svar her.</p>{asked}</div></{v.tag('itemBody')}>"
    fixed = f'adaptive="false" {v.attribute("timeDependent")}="false"'
    tag = v.tag("assessmentItem")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{tag} {head} {fixed}>{declared}{body}</{tag}>\n'


def _interaction(v: Version, kind: str, answer: str) -> str:
    tag = v.tag(f"{kind}Interaction")
    inner = f"<{v.tag('prompt')}>Vis hvordan.</{v.tag('prompt')}>"
    if kind == "drawing":
        inner += '<object type="image/png" data="../media/axes.png" width="300" height="200"/>'
    return f'<{tag} {v.attribute("responseIdentifier")}="{answer}">{inner}</{tag}>'


def ref(v: Version, identifier: str, href: str) -> str:
    return f'<{v.tag("assessmentItemRef")} identifier="{identifier}" href="{href}"/>'


def section(v: Version, identifier: str, *inner: str) -> str:
    tag = v.tag("assessmentSection")
    return f'<{tag} identifier="{identifier}" title="Del {identifier}" visible="true">{"".join(inner)}</{tag}>'


def assessment(v: Version, *sections: str, identifier: str = "FY0001", title: str = "Mekanikk") -> str:
    modes = f'{v.attribute("navigationMode")}="nonlinear" {v.attribute("submissionMode")}="simultaneous"'
    part = f'<{v.tag("testPart")} identifier="P1" {modes}>{"".join(sections)}</{v.tag("testPart")}>'
    head = f'{v.xmlns} identifier="{identifier}" title="{title}" xml:lang="nb"'
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{v.tag("assessmentTest")} {head}>\n{part}\n</{v.tag("assessmentTest")}>\n'


def manifest(v: Version, tests: Sequence[str], items: Sequence[str]) -> str:
    kinds = [("test", href) for href in tests] + [("item", href) for href in items]
    resources = "\n".join(
        f'<resource identifier="R{n}" type="imsqti_{kind}_xml{v.suffix}" href="{href}"><file href="{href}"/></resource>'
        for n, (kind, href) in enumerate(kinds)
    )
    media = '<resource identifier="M" type="webcontent" href="media/axes.png"><file href="media/axes.png"/></resource>'
    head = f'<manifest xmlns="{v.manifest_space}" identifier="MANIFEST">'
    schema = f"<metadata><schema>QTI Package</schema><schemaversion>{v.name}</schemaversion></metadata>"
    return f"{head}\n{schema}\n<organizations/>\n<resources>\n{resources}\n{media}\n</resources>\n</manifest>\n"


def exam(v: Version) -> dict[str, str | bytes]:
    """Four questions in nested sections, in another order than in the manifest, and a page that asks nothing."""
    inner = section(v, "S2", ref(v, "2b", f"{ITEMS}kast.xml"), ref(v, "3", f"./{ITEMS}essay%20om%20kraft.xml"))
    outer = section(v, "S1", ref(v, "info", f"{ITEMS}info.xml"), ref(v, "2a", f"{ITEMS}graf.xml"), inner)
    last = section(v, "S3", ref(v, "4", f"{ITEMS}valg.xml"))
    files = {
        f"{ITEMS}valg.xml": item(v, "valg", "Velg riktig svar", "choice"),
        f"{ITEMS}info.xml": item(v, "info", "Før du begynner"),
        f"{ITEMS}essay om kraft.xml": item(v, "essay", "Forklar &amp; tegn", "extendedText", "drawing"),
        f"{ITEMS}kast.xml": item(v, "kast", "Lever utregningen", "upload"),
        f"{ITEMS}graf.xml": item(v, "graf", "Skisser grafen", "drawing"),
        "test.xml": assessment(v, outer, last),
        "media/axes.png": b"\x89PNG\r\n\x1a\n",
    }
    items = [name.replace(" ", "%20") for name in files if name.startswith(ITEMS)]
    return {"imsmanifest.xml": manifest(v, ["test.xml"], items), **files}


def zipped(files: Mapping[str, str | bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as zip:
        for name, body in files.items():
            zip.writestr(name, body)
    return out.getvalue()
