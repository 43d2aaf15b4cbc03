"""The settings from file and environment: converted, checked, and each with its origin."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, asdict, dataclass, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, get_type_hints

from scanpipe.faults import ConfigFault
from scanpipe.settings.sections import SOURCE_KINDS, TABLES, Settings, SourceSettings

_HOUR = r"([01]?\d|2[0-3]):[0-5]\d"
_HOURS = re.compile(rf"|{_HOUR}-{_HOUR}", re.ASCII)
_SENDER = re.compile(r"[\x21-\x3f\x41-\x7e]+@[A-Za-z0-9.-]+")
_VARIABLE = "SCANPIPE__"
_FILE = "_file"
"""After any key: the value stands in the file of this name. For secrets, which others could read in an environment."""


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
    sources: tuple[SourceSettings, ...] = ()
    if file is not None:
        tree = _tree(file)
        sources = _sources(tree.pop("source", []), file, problems)
        given |= _from_tree(tree, file, problems)
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
    values += [Value("source", asdict(source), str(file)) for source in sources]
    built = _build(Settings, "", {v.key: v.value for v in values})
    return replace(built, sources=sources), values


def variable(key: str) -> str:
    """The environment variable of a key."""
    return _VARIABLE + key.upper().replace(".", "__")


def _tree(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as e:
        raise ConfigFault(f"{file}: cannot be read: {e.strerror}", "Check --config and SCANPIPE_CONFIG.") from e
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as e:
        raise ConfigFault(f"{file}: is not TOML: {e}", "Compare with config/scanpipe.toml.") from e


def _sources(tables: Any, file: Path, problems: list[str]) -> tuple[SourceSettings, ...]:
    """The tables `[[source]]`; what is wrong with one is noted as a problem."""
    found: list[SourceSettings] = []
    types = get_type_hints(SourceSettings)
    for number, table in enumerate(tables if isinstance(tables, list) else [tables], 1):
        where = f"{file}: source {number}"
        if not isinstance(table, dict) or not isinstance(table.get("name"), str) or not table["name"]:
            problems.append(f"{where} has no name: write [[source]], and below it name = …")
            continue
        unknown = [k for k in table if k not in types]
        problems += [f"{where}: unknown key {k}{_suggestion(k, list(types))}" for k in unknown]
        told = {k: _convert(k, v, types[k], where, problems) for k, v in table.items() if k in types}
        found.append(SourceSettings(**{"folder": table["name"], **told}))
        if found[-1].kind not in SOURCE_KINDS:
            problems.append(f"{where}: kind must be one of {', '.join(SOURCE_KINDS)}")
        if not _has_one_group(found[-1].imprint):
            problems.append(f'{where}: imprint must be a regular expression with one group, as "_(\\\\d+)[.]"')
    folders = [source.folder.casefold() for source in found]
    problems += [
        f"{file}: two sources have the folder {f}" for f in sorted({f for f in folders if folders.count(f) > 1})
    ]
    return tuple(found)


def _has_one_group(pattern: str) -> bool:
    try:
        return not pattern or re.compile(pattern).groups == 1
    except re.error:
        return False


def _from_tree(tree: Mapping[str, Any], file: Path, problems: list[str]) -> dict[str, tuple[Any, str]]:
    known = [k for k, _ in _defaults(Settings)]
    sections = {k.partition(".")[0] for k in known if "." in k}
    flat: dict[str, Any] = {}
    for name, value in tree.items():
        is_section = isinstance(value, dict) and (value or name in sections)
        flat |= {f"{name}.{k}": v for k, v in value.items()} if is_section else {name: value}
    found: dict[str, tuple[Any, str]] = {}
    for key, value in flat.items():
        if key not in known and key.removesuffix(_FILE) in known:
            found[key.removesuffix(_FILE)] = (_secret(value, str(file), problems), f"{value}, named by {file}")
        elif key in known:
            found[key] = (value, str(file))
        else:
            problems.append(f"{file}: unknown key {key}{_suggestion(key, known)}")
    return found


def _secret(place: Any, origin: str, problems: list[str]) -> str:
    """What stands in a file, without the line's end."""
    try:
        return Path(str(place)).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as e:
        problems.append(f"{origin}: {place} cannot be read: {getattr(e, 'strerror', None) or 'it is not text'}")
        return ""


def _from_environment(environ: Mapping[str, str], problems: list[str]) -> dict[str, tuple[Any, str]]:
    known = {variable(k): k for k, _ in _defaults(Settings)}
    found: dict[str, tuple[Any, str]] = {}
    for name, value in environ.items():
        if not name.startswith(_VARIABLE):
            continue
        if name in known:
            found[known[name]] = (value, f"environment {name}")
        elif name.removesuffix(_FILE.upper()) in known:
            secret = _secret(value, f"environment {name}", problems)
            found[known[name.removesuffix(_FILE.upper())]] = (secret, f"{value}, named by environment {name}")
        else:
            problems.append(f"environment: unknown variable {name}{_suggestion(name, list(known), 0.75)}")
    return found


def _defaults(cls: Any, prefix: str = "") -> Iterator[tuple[str, tuple[type, Any]]]:
    hints = get_type_hints(cls)
    for f in _plain(cls):
        if is_dataclass(hints[f.name]):
            yield from _defaults(hints[f.name], f"{prefix}{f.name}.")
        else:
            yield f"{prefix}{f.name}", (hints[f.name], f.default if f.default is not MISSING else None)


def _plain(cls: Any) -> list[Any]:
    """The fields that are a value or a section."""
    return [f for f in fields(cls) if f.metadata != TABLES]


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
    "store.addressing": ("auto", "path", "virtual"),
    "store.encryption": ("", "AES256", "aws:kms"),
    "store.lock": ("store", "ledger"),
    "engine.kind": ("local", "dask"),
    "quality.poor": ("hold", "file"),
    "log.format": ("text", "json"),
    "sheets.paper": ("a4", "letter"),
    "notices.smtp_tls": ("starttls", "tls", "none"),
    "sheets.area": ("plain", "dotted", "lined", "millimetre"),
}
_RANGES: Mapping[str, tuple[float, float]] = {
    "inbox.closed_quiet_s": (0, 3600),
    "inbox.quiet_s": (0, 3600),
    "inbox.unknown_quiet_s": (0, 3600),
    "inbox.incomplete_after_s": (1, 86_400 * 7),
    "inbox.sweep_s": (0.05, 3600),
    "inbox.polling_s": (0.05, 3600),
    "inbox.stack_silent_s": (1, 86_400),
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
    "web.idle_minutes": (1, 1440),
    "web.session_hours": (1, 168),
    "links.grace_minutes": (0, 1440),
    "links.pages": (1, 500),
    "links.mb": (1, 10_000),
    "oidc.recheck_minutes": (1, 1440),
    "api.requests_per_minute": (0, 10_000_000),
    "web.presigned_s": (0, 604_800),
    "api.burst": (1, 10_000_000),
    "metrics.port": (0, 65535),
    "notices.wait_minutes": (1, 10_080),
    "notices.silent_minutes": (1, 720),
    "notices.disk_gb": (0, 100_000),
    "notices.digest_minutes": (0, 1440),
    "notices.smtp_port": (1, 65535),
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
    _check_mail({key: v.value for key, v in values.items()}, problems)


def _check_mail(values: Mapping[str, Any], problems: list[str]) -> None:
    """What belongs together of [notices]."""
    if not _HOURS.fullmatch(str(values["notices.quiet_hours"])):
        problems.append(f"notices.quiet_hours = {values['notices.quiet_hours']!r} is not like 22:00-06:00")
    if values["notices.smtp_host"] and not _SENDER.fullmatch(str(values["notices.sender"])):
        problems.append("notices.smtp_host needs notices.sender, the e-mail address that mails come from")
    alarmed = [a for a in map(str.strip, str(values["notices.alarm_to"]).split(",")) if a]
    if alarmed and not (values["notices.smtp_host"] and all(_SENDER.fullmatch(a) for a in alarmed)):
        problems.append("notices.alarm_to needs notices.smtp_host, and e-mail addresses with commas between them")
    if values["notices.smtp_user"] and values["notices.smtp_tls"] == "none":
        problems.append("notices.smtp_user would go over the network in the clear: set notices.smtp_tls")


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
            for f in _plain(cls)
        }
    )
