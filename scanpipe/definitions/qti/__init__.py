"""Packages of QTI 2.1, 2.2 and 3.0 (Question and Test Interoperability): a test made elsewhere in, a definition's text out.

package.py    a ZIP or folder → its files     xml_tree.py  a file → its elements, safely
reading.py    a package → its items in order  rules.py     items → questions, and which take sketches
drafting.py   questions → the YAML that a person looks through
importing.py  all of it
"""

from scanpipe.definitions.qti.drafting import Heading
from scanpipe.definitions.qti.importing import CandidateList, Imported, Wish, import_path, import_zip
from scanpipe.definitions.qti.rules import USUAL, Rules, read_kinds, read_question

__all__ = [
    "USUAL",
    "CandidateList",
    "Heading",
    "Imported",
    "Rules",
    "Wish",
    "import_path",
    "import_zip",
    "read_kinds",
    "read_question",
]
