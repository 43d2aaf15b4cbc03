"""A QTI package in, its questions out in the order of the test: 2.1, 2.2 and 3.0, a test with items, or items alone.

What a resource is we see by its root element: packages that are held up as examples say the wrong type in their manifests.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from scanpipe.definitions.problems import Problem, Spot, quoted
from scanpipe.definitions.qti.package import MANIFEST, Package, resolve
from scanpipe.definitions.qti.xml_tree import Element, parse
from scanpipe.saying import say

_VERSIONS = {
    "http://www.imsglobal.org/xsd/imsqti_v2p1": "2.1",
    "http://www.imsglobal.org/xsd/apip/apipv1p0/qtiitem/imsqti_v2p1": "2.1",
    "http://www.imsglobal.org/xsd/imsqti_v2p2": "2.2",
    "http://www.imsglobal.org/xsd/imsqtiasi_v3p0": "3.0",
    "": "2",
}
"""By namespace; files of QTI 2 that go without one are read as well."""
_TEST, _SECTION, _ITEM = "assessmentTest", "assessmentSection", "assessmentItem"
_SUPPORTED = say("QTI 2.1, 2.2 or 3.0")
_INTERACTION = "Interaction"
_NO_ANSWER = ("endAttempt",)
"""Interactions that nobody answers with anything."""
_DEEPEST_SECTION = 20
MOST_ITEMS = 2_000
MOST_ELEMENTS = 500_000
"""In all files of a package."""


@dataclass(frozen=True, slots=True)
class Item:
    """`identifier` is the test's name for it, or its own; `kinds` are its interactions, `drawing` for `drawingInteraction`."""

    identifier: str
    title: str
    kinds: tuple[str, ...]
    file: str
    line: int


@dataclass(slots=True)
class Found:
    """What is in a package. `notes` are sentences about what a person should know."""

    version: str = ""
    identifier: str = ""
    title: str = ""
    language: str = ""
    items: list[Item] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read_package(package: Package, problems: list[Problem], assessment: str = "") -> Found | None:
    """What is in the package; None, with all that is wrong in `problems`. `assessment` names a test where there are several."""
    return _Reader(package, problems).found(assessment)


class _Reader:
    """Reads each file once; notes what is wrong where it stands."""

    def __init__(self, package: Package, problems: list[Problem]) -> None:
        self._package = package
        self._problems = problems
        self._found = Found()
        self._trees: dict[str, Element | None] = {}
        self._kinds: dict[str, tuple[str, ...]] = {}
        self._sections: set[str] = set()
        self._elements = 0

    def found(self, assessment: str) -> Found | None:
        spot = Spot(self._package.name, self._problems)
        files = [self._package.start] if self._package.start else self._resources(spot)
        roots = [(file, root) for file in files if (root := self._tree(file, Spot(file, self._problems))) is not None]
        tests = [(file, root) for file, root in roots if root.name == _TEST]
        chosen = self._chosen(tests, assessment, spot)
        if chosen is not None:
            self._test(*chosen)
        elif not self._problems:
            self._items_alone(roots)
        if not self._problems and not self._found.items:
            spot.wrong(
                say("no question that somebody can answer"),
                say("a test or items of %(supported)s", supported=_SUPPORTED),
            )
        return None if self._problems else self._found

    def _resources(self, spot: Spot) -> list[str]:
        """The XML files that the manifest lists."""
        manifests = self._package.manifests()
        if len(manifests) != 1:
            found = (
                say("%(n)s of them in its folders", n=len(manifests))
                if manifests
                else say("no %(manifest)s", manifest=MANIFEST)
            )
            spot.wrong(
                found,
                say("a package with one %(manifest)s", manifest=MANIFEST),
                say("Export it as a QTI content package."),
            )
            return []
        at = Spot(manifests[0], self._problems)
        root = self._tree(manifests[0], at)
        if root is None:
            return []
        if root.name != "manifest":
            at.at(root.line, "").wrong(say("the element %(name)s", name=quoted(root.name)), say("the element manifest"))
            return []
        resources = (e for e in root.walk() if e.name == "resource" and e.get("type").startswith("imsqti"))
        listed = [e for e in resources if e.get("href").lower().endswith(".xml")]
        return [name for e in listed if (name := self._listed(e, at)) is not None]

    def _listed(self, resource: Element, manifest: Spot) -> str | None:
        spot = manifest.at(resource.line, say("resource %(name)s", name=resource.get("identifier")))
        name = resolve(resource.get("href"), manifest.file, spot)
        if name is not None and not self._package.has(name):
            spot.wrong(say("%(name)s, but no such file", name=quoted(name)), say("a file in the package"))
            return None
        return name

    def _tree(self, file: str, spot: Spot) -> Element | None:
        if file not in self._trees:
            data = self._package.read(file, spot) if self._elements <= MOST_ELEMENTS else None
            tree = self._trees[file] = None if data is None else parse(data, spot)
            self._weigh(tree)
        return self._trees[file]

    def _weigh(self, tree: Element | None) -> None:
        """Notes, once, that the package is too large; nothing more is read of it then."""
        light = self._elements <= MOST_ELEMENTS
        self._elements += sum(1 for _ in tree.walk()) if tree else 0
        if light and self._elements > MOST_ELEMENTS:
            spot = Spot(self._package.name, self._problems)
            spot.wrong(say("more XML than that"), say("at most %(most)s elements in a package", most=MOST_ELEMENTS))

    def _chosen(self, tests: list[tuple[str, Element]], assessment: str, spot: Spot) -> tuple[str, Element] | None:
        names = [root.get("identifier") for _, root in tests]
        wanted = [test for test, name in zip(tests, names, strict=True) if not assessment or name == assessment]
        if len(wanted) == 1:
            return wanted[0]
        if wanted or assessment:
            hint = say("Say which one with --assessment.") if wanted else ""
            spot.wrong(
                say("the tests %(names)s", names=", ".join(map(quoted, names)) or "–"),
                assessment or say("one test"),
                hint,
            )
        return None

    def _test(self, file: str, root: Element) -> None:
        spot = Spot(file, self._problems)
        if not self._known(root, spot):
            return
        self._found.identifier, self._found.title = root.get("identifier"), root.get("title")
        self._found.language = root.get("lang")
        for part in root.named("testPart"):
            self._section(part, spot, 0)

    def _section(self, section: Element, spot: Spot, depth: int) -> None:
        """The items below a part or a section, in order, also those of sections in files of their own."""
        if depth > _DEEPEST_SECTION:
            spot.at(section.line, "").wrong(
                say("sections within sections without end"), say("at most %(most)s levels", most=_DEEPEST_SECTION)
            )
            return
        self._note_selection(section)
        for child in section.children:
            if child.name == _SECTION:
                self._section(child, spot, depth + 1)
            elif child.name == "assessmentSectionRef":
                self._section_elsewhere(child, spot, depth + 1)
            elif child.name == "assessmentItemRef":
                self._item_ref(child, spot)

    def _note_selection(self, section: Element) -> None:
        for selection in section.named("selection"):
            title = section.get("title") or section.get("identifier")
            told = f"Of section {quoted(title)} each candidate gets {selection.get('select')}; all its items are questions here."
            self._found.notes.append(told)

    def _section_elsewhere(self, reference: Element, spot: Spot, depth: int) -> None:
        found = self._referred(reference, spot, _SECTION)
        if found is None:
            return
        file, section = found
        if file in self._sections:
            spot.at(reference.line, "").wrong(
                say("the section %(file)s once more", file=quoted(file)), say("every section once")
            )
            return
        self._sections.add(file)
        self._section(section, Spot(file, self._problems), depth)

    def _item_ref(self, reference: Element, spot: Spot) -> None:
        found = self._referred(reference, spot, _ITEM)
        if found is not None:
            identifier = reference.get("identifier") or found[1].get("identifier")
            self._add(identifier, *found, spot.at(reference.line, f"assessmentItemRef {identifier}"))

    def _referred(self, reference: Element, spot: Spot, name: str) -> tuple[str, Element] | None:
        """The file that a reference names, and its root, which must be such an element."""
        at = spot.at(reference.line, f"{reference.name} {reference.get('identifier')}".strip())
        file = resolve(reference.get("href"), spot.file, at)
        if file is None:
            return None
        if not self._package.has(file):
            at.wrong(say("%(file)s, but no such file", file=quoted(file)), say("a file in the package"))
            return None
        own = Spot(file, self._problems)
        root = self._tree(file, own)
        if root is None or not self._known(root, own):
            return None
        if root.name != name:
            own.at(root.line, "").wrong(
                say("the element %(name)s", name=quoted(root.name)), say("the element %(name)s", name=name)
            )
            return None
        return file, root

    def _items_alone(self, roots: list[tuple[str, Element]]) -> None:
        for file, root in roots:
            spot = Spot(file, self._problems, root.line)
            if root.name == "questestinterop":
                spot.wrong(say("QTI 1"), _SUPPORTED, say("Export the package again in a newer version."))
            elif root.name == _ITEM and self._known(root, spot):
                self._add(root.get("identifier"), file, root, spot)

    def _known(self, root: Element, spot: Spot) -> bool:
        version = _VERSIONS.get(root.space)
        if version is None:
            spot.at(root.line, "").wrong(say("the namespace %(space)s", space=quoted(root.space)), _SUPPORTED)
            return False
        self._found.version = self._found.version or version
        return True

    def _add(self, identifier: str, file: str, root: Element, spot: Spot) -> None:
        self._found.language = self._found.language or root.get("lang")  # many tests leave it to their items
        if file not in self._kinds:
            self._kinds[file] = tuple(dict.fromkeys(_kinds(root)))
        kinds = self._kinds[file]
        if not identifier:
            spot.wrong(say("nothing"), say("an identifier for every item"))
        elif any(item.identifier == identifier for item in self._found.items):
            spot.wrong(say("the item %(name)s once more", name=quoted(identifier)), say("every item once"))
        elif len(self._found.items) >= MOST_ITEMS:
            spot.wrong(say("more items than that"), say("at most %(most)s items", most=MOST_ITEMS))
        elif not kinds:
            self._found.notes.append(f"Item {quoted(identifier)} asks for no answer and is left out.")
        else:
            self._found.items.append(Item(identifier, root.get("title"), kinds, file, root.line))


def _kinds(item: Element) -> Iterator[str]:
    """The interactions of an item, by their names in QTI 2 without the end that all have."""
    for body in item.named("itemBody"):
        for element in body.walk():
            kind = element.name.removesuffix(_INTERACTION)
            if kind != element.name and element.space == item.space and kind not in _NO_ANSWER:
                yield kind
