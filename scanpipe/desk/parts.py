"""What the desk works with: the adapters that the wiring chose, and the folders of this process."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from scanpipe.codes import Keyring
from scanpipe.desk.folders import Folders
from scanpipe.desk.observing import Nobody, Observer
from scanpipe.desk.phones import is_from_phone
from scanpipe.hands import Errand
from scanpipe.ledgers import SqlLedger
from scanpipe.settings import SourceSettings
from scanpipe.stages.quality import QualityRules
from scanpipe.stores import ObjectStore


class Engine(Protocol):
    """Runs functions of `hands.py` elsewhere; see `engines/`."""

    @property
    def workers(self) -> int: ...

    @property
    def far(self) -> bool: ...

    def submit(self, function: str, *args: Any) -> Future[Any]: ...


@dataclass(frozen=True, slots=True)
class Parts:
    """The installation, put together by `wiring.py`."""

    ledger: SqlLedger
    store: ObjectStore
    keyring: Keyring
    folders: Folders
    errand: Errand
    quality: QualityRules
    observer: Observer = field(default_factory=Nobody)
    sources: tuple[SourceSettings, ...] = ()
    """The scanners that the settings name."""
    stack_silent_s: float = 120.0
    """A stack of which nothing came for so long is at its end."""

    def errand_for(self, file: str) -> Errand:
        """What a worker is told for a page of a file of this name: in the inbox, or anywhere where `ingest` was given it."""
        file = file.removeprefix(f"{self.folders.inbox}/")
        phones = (source.folder for source in self.sources if source.kind == "phone")
        return replace(self.errand, phone=True) if is_from_phone(file, phones) else self.errand
