"""Every section with its keys and their defaults. `config/scanpipe.toml` has each with a comment."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

TABLES = {"tables": True}
"""Marks a setting that is a list of tables: it comes from the file alone."""


@dataclass(frozen=True, slots=True)
class InboxSettings:
    path: str = ""
    claimed: str = ""
    polling: bool = False
    closed_quiet_s: float = 0.1
    quiet_s: float = 1.0
    unknown_quiet_s: float = 5.0
    incomplete_after_s: float = 600.0
    sweep_s: float = 10.0
    polling_s: float = 1.0
    stack_silent_s: float = 120.0


@dataclass(frozen=True, slots=True)
class StoreSettings:
    kind: str = "directory"
    endpoint_url: str = ""
    bucket: str = ""
    region: str = ""
    prefix: str = ""
    addressing: str = "auto"
    encryption: str = ""
    encryption_key: str = ""
    ca: str = ""
    proxy: str = ""
    lock: str = "store"


@dataclass(frozen=True, slots=True)
class LedgerSettings:
    url: str = ""


@dataclass(frozen=True, slots=True)
class EngineSettings:
    kind: str = "local"
    workers: int = 0
    scheduler: str = ""
    tls_ca: str = ""
    tls_certificate: str = ""
    tls_key: str = ""
    page_timeout_s: float = 60.0
    memory_mib: int = 2048


@dataclass(frozen=True, slots=True)
class RenderSettings:
    jpeg_quality: int = 85


@dataclass(frozen=True, slots=True)
class LimitSettings:
    file_mb: int = 500
    pixels: int = 120_000_000
    pages: int = 2000


@dataclass(frozen=True, slots=True)
class QualitySettings:
    poor: str = "hold"
    missing_share: float = 0.07
    black_share: float = 0.5
    blur_mm: float = 0.3


@dataclass(frozen=True, slots=True)
class SheetSettings:
    paper: str = "a4"
    area: str = "plain"
    layouts: str = ""


@dataclass(frozen=True, slots=True)
class WebSettings:
    host: str = "127.0.0.1"
    port: int = 8080
    idle_minutes: int = 60
    session_hours: int = 12
    proxies: str = ""
    presigned_s: int = 0


@dataclass(frozen=True, slots=True)
class LinkSettings:
    grace_minutes: int = 15
    pages: int = 20
    mb: int = 200


@dataclass(frozen=True, slots=True)
class OidcSettings:
    issuer: str = ""
    client_id: str = "scanpipe"
    client_secret: str = ""
    label: str = ""
    scopes: str = "openid profile"
    name_claim: str = "preferred_username"
    role_claim: str = "roles"
    roles: str = ""
    recheck_minutes: int = 10
    api_audience: str = ""
    api_scope_claim: str = "scope"
    api_tests_claim: str = "scanpipe_tests"


@dataclass(frozen=True, slots=True)
class ApiSettings:
    requests_per_minute: int = 60_000
    burst: int = 20_000


@dataclass(frozen=True, slots=True)
class WebhookSettings:
    allow_private: bool = False
    ca: str = ""


@dataclass(frozen=True, slots=True)
class LogSettings:
    format: str = "text"


@dataclass(frozen=True, slots=True)
class MetricsSettings:
    port: int = 0
    traces: bool = False


@dataclass(frozen=True, slots=True)
class NoticeSettings:
    wait_minutes: int = 30
    silent_minutes: int = 5
    disk_gb: float = 5.0
    quiet_hours: str = "22:00-06:00"
    digest_minutes: int = 10
    base_url: str = ""
    smtp_host: str = ""
    smtp_port: int = 587
    smtp_tls: str = "starttls"
    smtp_ca: str = ""
    smtp_user: str = ""
    smtp_password: str = ""
    sender: str = ""
    alarm_to: str = ""


SOURCE_KINDS = ("scanner", "phone")


@dataclass(frozen=True, slots=True)
class NoteSettings:
    path: str = ""


@dataclass(frozen=True, slots=True)
class SourceSettings:
    """A scanner, or phones (`kind`): its files come in `folder` of the inbox. `dpi` is what it should deliver; 0: whatever.
    `imprint` is a pattern that finds, as its one group, the number that the scanner prints on the paper in the name of the file.
    `duplex`: of each sheet come two pages, front and back, also where the back is blank.
    """

    name: str
    folder: str
    duplex: bool = False
    dpi: int = 0
    imprint: str = ""
    kind: str = "scanner"

    def has(self, file: str) -> bool:
        """Did this file come from it? By its folder in the inbox, or by that of a file that was taken in by its path."""
        folder = file.rpartition("/")[0]
        return file.startswith(f"{self.folder}/") or folder.endswith(f"/{self.folder}")

    def imprinted(self, file: str) -> str | None:
        """The number printed on the paper of this file, where it came from this scanner and its name tells."""
        folder, name = f"{self.folder}/", file.rpartition("/")[2]
        found = re.search(self.imprint, name) if self.imprint and file.startswith(folder) else None
        return found[1] if found else None


@dataclass(frozen=True, slots=True)
class Settings:
    data_dir: str = "scanpipe-data"
    inbox: InboxSettings = field(default_factory=InboxSettings)
    store: StoreSettings = field(default_factory=StoreSettings)
    ledger: LedgerSettings = field(default_factory=LedgerSettings)
    engine: EngineSettings = field(default_factory=EngineSettings)
    render: RenderSettings = field(default_factory=RenderSettings)
    limits: LimitSettings = field(default_factory=LimitSettings)
    quality: QualitySettings = field(default_factory=QualitySettings)
    sheets: SheetSettings = field(default_factory=SheetSettings)
    web: WebSettings = field(default_factory=WebSettings)
    links: LinkSettings = field(default_factory=LinkSettings)
    oidc: OidcSettings = field(default_factory=OidcSettings)
    api: ApiSettings = field(default_factory=ApiSettings)
    webhooks: WebhookSettings = field(default_factory=WebhookSettings)
    log: LogSettings = field(default_factory=LogSettings)
    metrics: MetricsSettings = field(default_factory=MetricsSettings)
    notices: NoticeSettings = field(default_factory=NoticeSettings)
    notes: NoteSettings = field(default_factory=NoteSettings)
    sources: tuple[SourceSettings, ...] = field(default=(), metadata=TABLES)

    @property
    def root(self) -> Path:
        return Path(self.data_dir).absolute()

    @property
    def inbox_path(self) -> Path:
        return Path(self.inbox.path).absolute() if self.inbox.path else self.root / "inbox"

    @property
    def claimed_path(self) -> Path:
        return Path(self.inbox.claimed).absolute() if self.inbox.claimed else self.root / "claimed"

    @property
    def ledger_url(self) -> str:
        return self.ledger.url or f"sqlite:///{self.root / 'ledger.db'}"
