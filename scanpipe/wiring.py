"""Puts the installation together from the settings: the only place that knows which adapters there are."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from importlib.resources import files
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from scanpipe.access import AccessRules, AccessTokens
from scanpipe.definitions.shaded_layout import read_layout
from scanpipe.desk.alarming import Alarms
from scanpipe.desk.alarming import Writer as AlarmWriter
from scanpipe.desk.drafting import Drafts
from scanpipe.desk.folders import open_folders
from scanpipe.desk.links import LinkRules
from scanpipe.desk.noticing import Lookout
from scanpipe.desk.observing import Nobody, Observer
from scanpipe.desk.on_demand import OnDemand
from scanpipe.desk.parts import Parts
from scanpipe.desk.people import ROLES
from scanpipe.desk.share_notes import ShareNotes, check_place
from scanpipe.desk.straightening import Straightener
from scanpipe.desk.submitting import Desk
from scanpipe.desk.surveying import Survey
from scanpipe.desk.uploads import Uploads
from scanpipe.engines import Engine, EngineOptions, Tls, open_engine
from scanpipe.faults import ConfigFault, FolderFault, UsageFault
from scanpipe.hands import Errand
from scanpipe.identity import IdentityProvider, ProviderRules
from scanpipe.inboxes import Inbox, InboxRules, open_inbox
from scanpipe.keyring import KeyFile
from scanpipe.ledgers import SqlLedger, open_ledger
from scanpipe.mail import Post, PostRules
from scanpipe.sending import Sender
from scanpipe.settings import Settings
from scanpipe.shaded_layout import OWN, ShadedLayout
from scanpipe.stages.digest import DigestRules, quiet_hours
from scanpipe.stages.noticing import NoticeRules
from scanpipe.stages.quality import QualityRules
from scanpipe.stages.settle import SettleRules
from scanpipe.stages.unpack import Limits
from scanpipe.stores import ObjectStore, StoreOptions, open_store

_CONNECTIONS = 32
"""To the store: at least as many as threads of the conveyor put at once."""


@contextmanager
def open_parts(settings: Settings, observer: Observer | None = None) -> Iterator[Parts]:
    """The installation, open for work. Raises FolderFault, StoreFault, LedgerFault, ConfigFault."""
    observer = observer or Nobody()
    try:
        settings.root.mkdir(parents=True, exist_ok=True)
    except OSError as e:
        raise FolderFault(f"{settings.root}: {e.strerror}", "Check data_dir and its rights.") from e
    with open_ledger(settings.ledger_url) as ledger:
        folders = open_folders(settings.root, settings.inbox_path, settings.claimed_path, ledger.alive)
        try:
            ledger.hold(folders.holder)
            keyring = key_file(settings).keyring()
            store, told = open_object_store(settings, ledger), errand(settings)
            of_stacks = settings.sources, settings.inbox.stack_silent_s
            yield Parts(ledger, store, keyring, folders, told, quality(settings), observer, *of_stacks)
        finally:
            folders.close()


def key_file(settings: Settings) -> KeyFile:
    return KeyFile(settings.root / "keys.json")


def open_provider(settings: Settings) -> IdentityProvider | None:
    """The identity provider that the settings name, if they do. Raises ConfigFault."""
    s = settings.oidc
    if not s.issuer:
        return None
    roles = {value.strip(): role.strip() for value, _, role in (pair.partition("=") for pair in s.roles.split(","))}
    strange = sorted(set(roles.values()) - set(ROLES))
    if strange:
        raise ConfigFault(f"oidc.roles names no role of scanpipe: {', '.join(strange)}", f"Roles: {', '.join(ROLES)}.")
    return IdentityProvider(
        ProviderRules(
            s.issuer,
            s.client_id,
            s.client_secret,
            s.scopes,
            s.name_claim,
            s.role_claim,
            roles,
            s.label,
            60.0 * s.recheck_minutes,
        )
    )


def open_access(settings: Settings, provider: IdentityProvider | None) -> AccessTokens | None:
    """Whose access tokens open the API, if the settings say so. Raises ConfigFault."""
    s = settings.oidc
    if not s.api_audience:
        return None
    if provider is None:
        raise ConfigFault("oidc.api_audience is set, and oidc.issuer is not", "Set both, or none.")
    return AccessTokens(provider, AccessRules(s.api_audience, s.api_scope_claim, s.api_tests_claim))


def open_sender(settings: Settings) -> Sender:
    """What sends changes to whoever registered for them. Raises ConfigFault."""
    return Sender(settings.webhooks.allow_private, settings.webhooks.ca)


def open_drafts(settings: Settings) -> Drafts:
    """Where definitions wait that a person looks through before they hold."""
    return Drafts(settings.root / "drafts")


def open_uploads(settings: Settings) -> Uploads:
    """Where files wait that come through the browser."""
    return Uploads(settings.root / "uploads", settings.inbox_path, settings.limits.file_mb * 10**6)


def open_submissions(settings: Settings) -> Uploads:
    """Where files wait that candidates are about to hand in."""
    return Uploads(settings.root / "submissions", settings.inbox_path, settings.limits.file_mb * 10**6)


def open_desk(settings: Settings, parts: Parts, worker: OnDemand, resume: Callable[[list[str]], None]) -> Desk:
    """What candidates hand in with."""
    submissions = open_submissions(settings)
    return Desk(parts, submissions, Straightener(submissions, parts.errand, worker), resume)


def one_worker(settings: Settings) -> OnDemand:
    """A worker for pictures that people are shown or that show codes: the others are for what is to be filed."""
    options = replace(_options(settings), workers=1)
    return OnDemand(lambda: open_engine("local", options))


def link_rules(settings: Settings) -> LinkRules:
    """What links take that say nothing else."""
    return LinkRules(settings.links.grace_minutes, settings.links.pages, settings.links.mb * 10**6)


def open_notes(settings: Settings, parts: Parts) -> ShareNotes | None:
    """What leaves notes in the share, if the settings say where. Raises FolderFault."""
    if not settings.notes.path:
        return None
    folder = Path(settings.notes.path).absolute()
    check_place(folder, settings.inbox_path)
    return ShareNotes(parts, folder, settings.inbox.stack_silent_s)


def open_lookout(settings: Settings, parts: Parts) -> Lookout:
    """Looks after what people should be told."""
    n = settings.notices
    wait, silent = timedelta(minutes=n.wait_minutes), timedelta(minutes=n.silent_minutes)
    disks = {"data": settings.root, "inbox": settings.inbox_path}
    return Lookout(parts, Survey(parts, settings.sources, disks), NoticeRules(wait, silent, int(n.disk_gb * 10**9)))


def open_post(settings: Settings) -> Post | None:
    """The mail server that the settings name, if they do."""
    n = settings.notices
    if not n.smtp_host:
        return None
    return Post(PostRules(n.smtp_host, n.smtp_port, n.smtp_tls, n.smtp_user, n.smtp_password, n.sender, n.smtp_ca))


def open_alarms(settings: Settings, write: AlarmWriter) -> Alarms | None:
    """What tells the operators that the ledger fails, if the settings say whom."""
    post, addresses = open_post(settings), [a.strip() for a in settings.notices.alarm_to.split(",") if a.strip()]
    return Alarms(post, addresses, write, settings.root / "ledger-alarm.json") if post and addresses else None


def digest_rules(settings: Settings) -> DigestRules:
    """When mails go."""
    n = settings.notices
    return DigestRules(timedelta(minutes=n.digest_minutes), quiet_hours(n.quiet_hours))


def open_object_store(settings: Settings, ledger: SqlLedger | None = None) -> ObjectStore:
    """The store that the settings name; with store.lock = "ledger", that of `ledger`. Raises StoreFault."""
    s = settings.store
    options = StoreOptions(
        directory=settings.root / "objects",
        metadata_directory=settings.root / "metadata",
        endpoint_url=s.endpoint_url or None,
        bucket=s.bucket,
        region=s.region or None,
        prefix=s.prefix,
        addressing=s.addressing,
        encryption=s.encryption,
        encryption_key=s.encryption_key,
        ca=s.ca,
        proxy=s.proxy,
        lock=ledger.exclusive if s.lock == "ledger" and ledger is not None else None,
        connections=_CONNECTIONS,
    )
    return open_store(s.kind, options)


def open_store_at(place: str, settings: Settings) -> ObjectStore:
    """The store at `directory:FOLDER` (a data_dir), at `s3://BUCKET/PREFIX?endpoint_url=URL&region=NAME`, or `-`, that of the
    settings. Raises UsageFault, StoreFault.
    """
    if place == "-":
        return open_object_store(settings)
    url = urlsplit(place)
    if url.scheme == "directory" and url.path:
        root = Path(url.path)
        return open_store("directory", StoreOptions(root / "objects", root / "metadata", connections=_CONNECTIONS))
    if url.scheme != "s3" or not url.netloc:
        raise UsageFault(
            f"{place} is no store", "Write directory:FOLDER, s3://BUCKET/PREFIX, or - for that of the settings."
        )
    told = dict(parse_qsl(url.query))
    if not told.keys() <= {"endpoint_url", "region"}:
        raise UsageFault(
            f"{place}: a store has an endpoint_url and a region, no more", "Credentials: as boto3 finds them."
        )
    nowhere = settings.root / "objects"
    options = StoreOptions(
        nowhere,
        nowhere,
        endpoint_url=told.get("endpoint_url"),
        bucket=url.netloc,
        region=told.get("region"),
        prefix=url.path.strip("/"),
        connections=_CONNECTIONS,
    )
    return open_store("s3", options)


def open_workers(settings: Settings) -> Engine:
    """Worker processes of this machine, for what lies on its disk."""
    return open_engine("local", _options(settings))


def open_carriers(settings: Settings) -> Engine:
    """The engine that the settings name, for pages that are to be filed. Raises ConfigFault."""
    try:
        return open_engine(settings.engine.kind, _options(settings))
    except ImportError as e:
        hint = "Install it: pip install 'scanpipe[dask]'."
        raise ConfigFault(f"engine.kind = {settings.engine.kind} needs a package: {e}", hint) from e


def open_stations(settings: Settings, config_file: str | None) -> Engine:
    """Processes of this machine that carry pages for watchers on other machines (`station.py`).

    A group of pages that costs one its life is lost at once: the watcher tries the pages alone. How long a page may take is
    watched inside, where it is known whether it is the page that takes long, or the store.
    """
    setup = {"setup": "scanpipe.station:prepare", "setup_args": (config_file,)}
    options = replace(_options(settings), tries=1, confined=False, task_timeout_s=math.inf, **setup)  # type: ignore[arg-type]
    return open_engine("local", options)


def tls(settings: Settings) -> Tls | None:
    e = settings.engine
    return Tls(e.tls_ca, e.tls_certificate, e.tls_key) if e.tls_ca else None


def _options(settings: Settings) -> EngineOptions:
    e = settings.engine
    return EngineOptions(
        workers=e.workers,
        task_timeout_s=e.page_timeout_s,
        memory_mib=e.memory_mib,
        setup="scanpipe.hands:prepare",
        setup_args=(),
        scheduler=e.scheduler,
        tls=tls(settings),
    )


def open_hot_folder(settings: Settings) -> Inbox:
    """The inbox, watched in the way that the settings say."""
    i = settings.inbox
    settle = SettleRules(
        closed_quiet_s=i.closed_quiet_s,
        quiet_s=i.quiet_s,
        unknown_quiet_s=i.unknown_quiet_s,
        incomplete_after_s=i.incomplete_after_s,
    )
    rules = InboxRules(root=settings.inbox_path, settle=settle, sweep_s=i.sweep_s, polling_s=i.polling_s)
    return open_inbox("polling" if i.polling else "inotify", rules)


def quality(settings: Settings) -> QualityRules:
    """From when on a scan is poor, and what becomes of it."""
    q = settings.quality
    return QualityRules(q.poor == "hold", q.missing_share, q.black_share, q.blur_mm)


def errand(settings: Settings) -> Errand:
    """What the workers are told."""
    li = settings.limits
    limits = Limits(max_pixels=li.pixels, max_pages=li.pages, max_bytes=li.file_mb * 1_000_000)
    return Errand(limits, settings.render.jpeg_quality, layouts(settings))


def layouts(settings: Settings) -> tuple[ShadedLayout, ...]:
    """The layouts of generic sheets: our own, and those that the settings name. Raises ConfigFault."""
    own = files("scanpipe.sheets") / "layouts" / f"{OWN}.yaml"
    found = [_layout(own.name, own.read_bytes())]
    for name in filter(None, (n.strip() for n in settings.sheets.layouts.split(","))):
        try:
            layout = _layout(name, Path(name).read_bytes())
        except OSError as e:
            raise ConfigFault(f"{name} cannot be read: {e.strerror}", "Check sheets.layouts.") from e
        if layout.signed or layout.id in {la.id for la in found}:
            raise ConfigFault(f"{name}: the layout {layout.id} is ours, or named twice", "Give it another name.")
        found.append(layout)
    return tuple(found)


def _layout(name: str, data: bytes) -> ShadedLayout:
    layout, problems = read_layout(data, name)
    if layout is None:
        told = "\n".join(str(p) for p in problems)
        raise ConfigFault(f"{name} does not describe a sheet:\n{told}", "Compare with docs/shaded.md.")
    return layout
