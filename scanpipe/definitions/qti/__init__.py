"""Packages of QTI 2.1, 2.2 and 3.0 (Question and Test Interoperability): a test made elsewhere in, a definition's text out.

package.py   a ZIP or folder → its files    xml_tree.py  a file → its elements, safely
reading.py   a package → its items in order rules.py     items → questions, and which take sketches
drafting.py  questions → the YAML that a person looks through
"""

from scanpipe.definitions.qti.drafting import Heading, draft
from scanpipe.definitions.qti.package import open_path, open_zip
from scanpipe.definitions.qti.reading import Found, Item, read_package
from scanpipe.definitions.qti.rules import USUAL, Rules, questions, read_kinds, read_question

__all__ = [
    "USUAL",
    "Found",
    "Heading",
    "Item",
    "Rules",
    "draft",
    "open_path",
    "open_zip",
    "questions",
    "read_kinds",
    "read_package",
    "read_question",
]
