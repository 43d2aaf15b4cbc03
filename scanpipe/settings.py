"""Settings: read once, into a frozen object, each value with the place it came from.

In rising precedence: the default below, the TOML file (`--config` or SCANPIPE_CONFIG), the environment
(SCANPIPE__SECTION__KEY). A misspelled key or variable is an error that says what was probably meant.
`config/scanpipe.toml` has every key with a comment; a test keeps the two in step.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, get_type_hints

from scanpipe.faults import ConfigFault

_VARIABLE = "SCANPIPE__"


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


@dataclass(frozen=True, slots=True)
class StoreSettings:
    kind: str = "directory"
    endpoint_url: str = ""
    bucket: str = ""
    region: str = ""
    prefix: str = ""


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


@dataclass(frozen=True, slots=True)
class WebSettings:
    host: str = "127.0.0.1"
    port: int = 8080


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


@dataclass(frozen=True, slots=True)
class Value:
    """One setting, for `config show`."""

    key: str
    value: Any
    origin: str


def load_settings(file: Path | None, environ: Mapping[str, str]) -> tuple[Settings, list[Value]]:
    """The settings, and each value with its origin. Raises ConfigFault that lists all that is wrong."""
    file = file or (Path(environ["SCANPIPE_CONFIG"]) if environ.get("SCANPIPE_CONFIG") else None)
    given: dict[str, tuple[Any, str]] = {}
    problems: list[str] = []
    if file is not None:
        given |= _from_file(file, problems)
    given |= _from_environment(environ, problems)
    defaults = dict(_defaults(Settings))
    values = []
    for key, (type_, default) in defaults.items():
        raw, origin = given.get(key, (default, "default"))
        values.append(Value(key, _convert(key, raw, type_, origin, problems), origin))
    _check_ranges({v.key: v for v in values}, problems)
    if problems:
        raise ConfigFault(
            "\n".join(problems), "`config/scanpipe.toml` lists every key; `scanpipe config show` the values."
        )
    return _build(Settings, "", {v.key: v.value for v in values}), values


def variable(key: str) -> str:
    """The environment variable of a key."""
    return _VARIABLE + key.upper().replace(".", "__")


def _from_file(file: Path, problems: list[str]) -> dict[str, tuple[Any, str]]:
    try:
        tree = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as e:
        raise ConfigFault(f"{file}: cannot be read: {e.strerror}", "Check --config and SCANPIPE_CONFIG.") from e
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as e:
        raise ConfigFault(f"{file}: is not TOML: {e}", "Compare with config/scanpipe.toml.") from e
    known = [k for k, _ in _defaults(Settings)]
    sections = {k.partition(".")[0] for k in known if "." in k}
    flat: dict[str, Any] = {}
    for name, value in tree.items():
        is_section = isinstance(value, dict) and (value or name in sections)
        flat |= {f"{name}.{k}": v for k, v in value.items()} if is_section else {name: value}
    problems += [f"{file}: unknown key {k}{_suggestion(k, known)}" for k in flat if k not in known]
    return {k: (v, str(file)) for k, v in flat.items()}


def _from_environment(environ: Mapping[str, str], problems: list[str]) -> dict[str, tuple[Any, str]]:
    known = {variable(k): k for k, _ in _defaults(Settings)}
    found: dict[str, tuple[Any, str]] = {}
    for name, value in environ.items():
        if not name.startswith(_VARIABLE):
            continue
        if name in known:
            found[known[name]] = (value, f"environment {name}")
        else:
            problems.append(f"environment: unknown variable {name}{_suggestion(name, list(known), 0.75)}")
    return found


def _defaults(cls: Any, prefix: str = "") -> Iterator[tuple[str, tuple[type, Any]]]:
    hints = get_type_hints(cls)
    for f in fields(cls):
        if is_dataclass(hints[f.name]):
            yield from _defaults(hints[f.name], f"{prefix}{f.name}.")
        else:
            yield f"{prefix}{f.name}", (hints[f.name], f.default if f.default is not MISSING else None)


_BOOLEANS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
_ACCEPTED: Mapping[type, tuple[type, ...]] = {bool: (bool,), int: (int, str), float: (int, float, str), str: (str,)}


def _convert(key: str, raw: Any, type_: type, origin: str, problems: list[str]) -> Any:
    """The value as its type; what cannot be is noted as a problem."""
    try:
        if type_ is bool and isinstance(raw, str):
            return _BOOLEANS[raw.lower()]
        if not isinstance(raw, _ACCEPTED[type_]) or (isinstance(raw, bool) and type_ is not bool):
            raise ValueError
        return type_(raw)
    except (KeyError, ValueError, OverflowError):
        kind = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}[type_]
        problems.append(f"{origin}: {key} = {raw!r} is not {kind}")
        return raw


_CHOICES: Mapping[str, tuple[str, ...]] = {
    "store.kind": ("directory", "s3"),
    "engine.kind": ("local", "dask"),
    "quality.poor": ("hold", "file"),
    "sheets.paper": ("a4", "letter"),
    "sheets.area": ("plain", "dotted", "lined", "millimetre"),
}
_RANGES: Mapping[str, tuple[float, float]] = {
    "inbox.closed_quiet_s": (0, 3600),
    "inbox.quiet_s": (0, 3600),
    "inbox.unknown_quiet_s": (0, 3600),
    "inbox.incomplete_after_s": (1, 86_400 * 7),
    "inbox.sweep_s": (0.05, 3600),
    "inbox.polling_s": (0.05, 3600),
    "engine.workers": (0, 1024),
    "engine.page_timeout_s": (1, 3600),
    "engine.memory_mib": (0, 1_048_576),
    "render.jpeg_quality": (30, 100),
    "limits.file_mb": (1, 100_000),
    "limits.pixels": (1_000_000, 2_000_000_000),
    "limits.pages": (1, 1_000_000),
    "quality.missing_share": (0, 1),
    "quality.black_share": (0, 1),
    "quality.blur_mm": (0, 10),
    "web.port": (0, 65535),
}


def _check_ranges(values: Mapping[str, Value], problems: list[str]) -> None:
    for key, allowed in _CHOICES.items():
        if values[key].value not in allowed:
            problems.append(f"{values[key].origin}: {key} = {values[key].value!r} is not one of {', '.join(allowed)}")
    for key, (low, high) in _RANGES.items():
        v = values[key]
        if isinstance(v.value, int | float) and not low <= v.value <= high:
            problems.append(f"{v.origin}: {key} = {v.value} is not between {low} and {high}")
    tls = [values[f"engine.tls_{what}"].value for what in ("ca", "certificate", "key")]
    if any(tls) and not all(tls):
        problems.append(
            "engine.tls_ca, engine.tls_certificate and engine.tls_key go together: set all of them, or none"
        )
    if values["store.kind"].value == "s3" and not values["store.bucket"].value:
        problems.append("store.kind is s3, but store.bucket is empty")


def _suggestion(name: str, known: list[str], alike: float = 0.6) -> str:
    near = difflib.get_close_matches(name, known, n=1, cutoff=alike)
    return f" (did you mean {near[0]}?)" if near else ""


def _build(cls: Any, prefix: str, values: Mapping[str, Any]) -> Any:
    hints = get_type_hints(cls)
    return cls(
        **{
            f.name: _build(hints[f.name], f"{prefix}{f.name}.", values)
            if is_dataclass(hints[f.name])
            else values[f"{prefix}{f.name}"]
            for f in fields(cls)
        }
    )
