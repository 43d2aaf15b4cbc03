"""Machine problems, one tree. Paper problems are not here: they are values (`model.Reason`).

Each class says the exit code that a script sees, whether trying again later can help, and carries a hint that tells a
person what to do next. The command line prints `message` and `hint`, never a stack trace.

    Fault                      1  something of the machine is wrong
    ├── UsageFault             2  the call's words are off
    ├── ConfigFault            3  a setting is wrong or missing
    ├── DefinitionFault        4  a test definition is not acceptable
    ├── UnknownThing           5  no such test, page, scan, key …
    ├── Refused                6  the rules do not allow this decision
    │   └── Overtaken          6  … because somebody else decided meanwhile
    ├── VerifyFailed           7  a promise does not hold; `verify` says which
    ├── StoreFault             8  the object store cannot be used
    │   └── StoreUnavailable   8  … at the moment: try again
    ├── LedgerFault            9  the ledger cannot be used
    │   └── LedgerUnavailable  9  … at the moment: try again
    ├── FolderFault           10  inbox or work folder missing, not writable, on another file system
    │   └── FolderUnavailable 10  … at the moment (disk full, share gone): try again
    ├── LibraryMissing        11  a system library is not installed
    ├── EngineUnavailable     12  the workers on other machines cannot be reached at the moment: try again
    └── MailFault             13  a mail could not be handed to the mail server
"""

from __future__ import annotations


class Fault(Exception):
    """Base of all machine problems. `hint` is the next step, as a sentence."""

    exit_code = 1
    retry = False

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __reduce__(self) -> tuple[type[Fault], tuple[str, str]]:
        return type(self), (self.message, self.hint)


class UsageFault(Fault):
    exit_code = 2


class ConfigFault(Fault):
    exit_code = 3


class DefinitionFault(Fault):
    exit_code = 4


class UnknownThing(Fault):
    exit_code = 5


class Refused(Fault):
    exit_code = 6


class Overtaken(Refused):
    """Somebody else decided about the page since it was looked at."""


class VerifyFailed(Fault):
    exit_code = 7


class StoreFault(Fault):
    exit_code = 8


class StoreUnavailable(StoreFault):
    retry = True


class LedgerFault(Fault):
    exit_code = 9


class LedgerUnavailable(LedgerFault):
    retry = True


class FolderFault(Fault):
    exit_code = 10


class FolderUnavailable(FolderFault):
    retry = True


class LibraryMissing(Fault):
    exit_code = 11


class EngineUnavailable(Fault):
    exit_code = 12
    retry = True


class MailFault(Fault):
    """The message names no address: it is shown to more people than the one who should have had the mail."""

    exit_code = 13
    retry = True


def as_fault(error: Exception) -> Fault:
    """Any exception as a fault. One that nobody foresaw is a defect, and its cause goes along."""
    if isinstance(error, Fault):
        return error
    hint = "This is a defect of scanpipe: report it with these lines."
    fault = Fault(f"unexpected {type(error).__name__}: {error}.", hint)
    fault.__cause__ = error
    return fault
