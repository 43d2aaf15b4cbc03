"""Settings: where each value comes from, and what is said about one that is wrong."""

import tomllib
from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanpipe.faults import ConfigFault
from scanpipe.settings import Settings, SourceSettings, load_settings

EXAMPLE = Path(__file__).parents[2] / "config" / "scanpipe.toml"
DEFAULTS = {v.key: v.value for v in load_settings(None, {})[1]}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "my.toml"


def refused(file: Path | None, environ: dict[str, str]) -> ConfigFault:
    with pytest.raises(ConfigFault) as caught:
        load_settings(file, environ)
    return caught.value


def flat(tree: dict[str, Any]) -> dict[str, Any]:
    sections = {f"{s}.{k}": v for s, keys in tree.items() if isinstance(keys, dict) for k, v in keys.items()}
    return {k: v for k, v in tree.items() if not isinstance(v, dict)} | sections


def test_without_a_word_all_is_default() -> None:
    settings, values = load_settings(None, {"PATH": "/bin", "SCANPIPE_OTHER": "not ours"})
    assert settings == Settings()
    assert {v.origin for v in values} == {"default"}


def test_the_example_file_has_every_key_with_its_default() -> None:
    written = flat(tomllib.loads(EXAMPLE.read_text(encoding="utf-8")))
    assert written == DEFAULTS
    assert {k: type(v) for k, v in written.items()} == {k: type(v) for k, v in DEFAULTS.items()}


def test_the_example_file_as_it_is_changes_nothing_but_the_origin() -> None:
    settings, values = load_settings(EXAMPLE, {})
    assert settings == Settings()
    assert {v.origin for v in values} == {str(EXAMPLE)}


def test_defaults_lie_under_the_data_folder() -> None:
    settings, _ = load_settings(None, {"SCANPIPE__DATA_DIR": "/srv/exam"})
    assert settings.root == Path("/srv/exam")
    assert settings.inbox_path == Path("/srv/exam/inbox")
    assert settings.claimed_path == Path("/srv/exam/claimed")
    assert settings.ledger_url == "sqlite:////srv/exam/ledger.db"


def test_a_relative_data_folder_is_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings, _ = load_settings(None, {"SCANPIPE__DATA_DIR": "here", "SCANPIPE__INBOX__PATH": "in"})
    assert settings.root == tmp_path / "here"
    assert settings.inbox_path == tmp_path / "in"
    assert settings.ledger_url == f"sqlite:///{tmp_path}/here/ledger.db"


def test_what_is_given_replaces_what_follows_from_the_data_folder() -> None:
    environ = {"SCANPIPE__INBOX__PATH": "/mnt/scans", "SCANPIPE__INBOX__CLAIMED": "/mnt/taken"}
    settings, _ = load_settings(None, environ | {"SCANPIPE__LEDGER__URL": "postgresql://db/ledger"})
    assert (settings.inbox_path, settings.claimed_path) == (Path("/mnt/scans"), Path("/mnt/taken"))
    assert settings.ledger_url == "postgresql://db/ledger"


def test_the_environment_comes_before_the_file_and_the_file_before_the_default(file: Path) -> None:
    file.write_text('data_dir = "from-file"\n[engine]\nworkers = 3\n[web]\nport = 81\n', encoding="utf-8")
    environ = {"SCANPIPE__ENGINE__WORKERS": "5", "SCANPIPE__WEB__HOST": "::1"}
    settings, values = load_settings(file, environ)
    assert (settings.data_dir, settings.engine.workers, settings.web.port, settings.web.host) == (
        "from-file",
        5,
        81,
        "::1",
    )
    origins = {v.key: v.origin for v in values}
    assert origins["data_dir"] == origins["web.port"] == str(file)
    assert origins["engine.workers"] == "environment SCANPIPE__ENGINE__WORKERS"
    assert origins["web.host"] == "environment SCANPIPE__WEB__HOST"
    assert origins["engine.kind"] == "default"
    assert [v.value for v in values if v.key == "engine.workers"] == [5]


def test_the_file_may_be_named_by_the_environment_but_the_call_goes_first(tmp_path: Path) -> None:
    one, two = tmp_path / "one.toml", tmp_path / "two.toml"
    one.write_text("[web]\nport = 1111\n")
    two.write_text("[web]\nport = 2222\n")
    assert load_settings(None, {"SCANPIPE_CONFIG": str(one)})[0].web.port == 1111
    assert load_settings(two, {"SCANPIPE_CONFIG": str(one)})[0].web.port == 2222
    assert load_settings(None, {"SCANPIPE_CONFIG": ""})[0].web.port == 8080


def test_norwegian_letters_in_paths(file: Path) -> None:
    file.write_text('data_dir = "/srv/eksamen høst å"\n', encoding="utf-8")
    assert load_settings(file, {})[0].root == Path("/srv/eksamen høst å")


def test_a_file_from_an_editor_that_marks_utf_8(file: Path) -> None:
    file.write_text("[web]\nport = 81\n", encoding="utf-8-sig")
    assert load_settings(file, {})[0].web.port == 81


@pytest.mark.parametrize(
    ("raw", "meant"),
    [("true", True), ("True", True), ("1", True), ("yes", True), ("false", False), ("0", False), ("NO", False)],
)
def test_yes_and_no_in_the_environment(raw: str, meant: bool) -> None:
    assert load_settings(None, {"SCANPIPE__INBOX__POLLING": raw})[0].inbox.polling is meant


@pytest.mark.parametrize(
    ("key", "line", "kind"),
    [
        ("inbox.polling", '"perhaps"', "true or false"),
        ("inbox.polling", "2", "true or false"),
        ("engine.workers", '"many"', "a whole number"),
        ("engine.workers", "true", "a whole number"),
        ("engine.workers", "1.5", "a whole number"),
        ("engine.workers", "inf", "a whole number"),
        ("web.port", "[80]", "a whole number"),
        ("inbox.quiet_s", '"soon"', "a number"),
        ("inbox.quiet_s", "false", "a number"),
        ("web.host", "127", "a text"),
        ("data_dir", "1", "a text"),
        ("data_dir", "2026-12-03", "a text"),
    ],
)
def test_a_value_of_the_wrong_type_in_the_file(file: Path, key: str, line: str, kind: str) -> None:
    section, _, name = key.rpartition(".")
    file.write_text((f"[{section}]\n" if section else "") + f"{name} = {line}\n")
    fault = refused(file, {})
    assert str(file) in fault.message and f"{key} = " in fault.message and f"is not {kind}" in fault.message
    assert "config/scanpipe.toml" in fault.hint


@pytest.mark.parametrize(
    ("variable", "raw", "kind"),
    [
        ("SCANPIPE__INBOX__POLLING", "maybe", "true or false"),
        ("SCANPIPE__INBOX__POLLING", "", "true or false"),
        ("SCANPIPE__ENGINE__WORKERS", "2.0", "a whole number"),
        ("SCANPIPE__ENGINE__WORKERS", "", "a whole number"),
        ("SCANPIPE__INBOX__SWEEP_S", "ten", "a number"),
        ("SCANPIPE__INBOX__SWEEP_S", "1 s", "a number"),
    ],
)
def test_a_value_of_the_wrong_type_in_the_environment(variable: str, raw: str, kind: str) -> None:
    message = refused(None, {variable: raw}).message
    assert f"environment {variable}: " in message and f"is not {kind}" in message


def test_a_whole_number_will_do_where_a_number_is_asked(file: Path) -> None:
    file.write_text("[inbox]\nquiet_s = 2\n")
    quiet = load_settings(file, {})[0].inbox.quiet_s
    assert quiet == 2.0 and isinstance(quiet, float)


RANGES = {
    "inbox.closed_quiet_s": (-0.1, 3601),
    "inbox.quiet_s": (-1, 3601),
    "inbox.unknown_quiet_s": (-1, 3601),
    "inbox.incomplete_after_s": (0.5, 700_000),
    "inbox.sweep_s": (0, 3601),
    "inbox.polling_s": (0, 3601),
    "engine.workers": (-1, 1025),
    "engine.page_timeout_s": (0, 3601),
    "engine.memory_mib": (-1, 2_000_000),
    "render.jpeg_quality": (29, 101),
    "limits.file_mb": (0, 100_001),
    "limits.pixels": (0, 2_000_000_001),
    "limits.pages": (0, 1_000_001),
    "quality.missing_share": (-0.1, 1.1),
    "quality.black_share": (-0.1, 1.1),
    "quality.blur_mm": (-0.1, 10.1),
    "web.port": (-1, 65536),
    "web.idle_minutes": (0, 1441),
    "web.session_hours": (0, 169),
    "links.grace_minutes": (-1, 1441),
    "links.pages": (0, 501),
    "links.mb": (0, 10_001),
    "web.presigned_s": (-1, 604_801),
    "oidc.recheck_minutes": (0, 1441),
    "api.requests_per_minute": (-1, 10_000_001),
    "api.burst": (0, 10_000_001),
    "metrics.port": (-1, 65536),
    "notices.wait_minutes": (0, 10_081),
    "notices.silent_minutes": (0, 721),
    "notices.disk_gb": (-0.1, 100_001),
    "notices.digest_minutes": (-1, 1441),
    "notices.smtp_port": (0, 65536),
    "inbox.stack_silent_s": (0.5, 86_401),
}


@pytest.mark.parametrize("key", [k for k, v in DEFAULTS.items() if isinstance(v, int | float) and v is not False])
def test_every_number_has_a_range(key: str) -> None:
    endless = "inf" if isinstance(DEFAULTS[key], float) else 10**30
    for outside in (*RANGES[key], endless):
        message = refused(None, {f"SCANPIPE__{key.upper().replace('.', '__')}": str(outside)}).message
        assert f"{key} = " in message and "is not between" in message


@pytest.mark.parametrize(
    "key",
    ["store.kind", "engine.kind", "quality.poor", "sheets.paper", "sheets.area", "log.format", "notices.smtp_tls"],
)
def test_a_choice_names_what_can_be_chosen(key: str) -> None:
    message = refused(None, {f"SCANPIPE__{key.upper().replace('.', '__')}": "tape"}).message
    assert f"{key} = 'tape' is not one of {DEFAULTS[key]}" in message


@pytest.mark.parametrize(
    ("more", "wrong"),
    [
        ({"QUIET_HOURS": "22-6"}, "notices.quiet_hours"),
        ({"QUIET_HOURS": "22:00-24:00"}, "notices.quiet_hours"),
        ({"SMTP_HOST": "mail.example"}, "notices.sender"),
        ({"SMTP_HOST": "mail.example", "SENDER": "a@b\nBcc: c@d"}, "notices.sender"),
        ({"SMTP_USER": "u", "SMTP_TLS": "none"}, "in the clear"),
    ],
)
def test_what_belongs_together_of_notices(more: dict[str, str], wrong: str) -> None:
    assert wrong in refused(None, {f"SCANPIPE__NOTICES__{k}": v for k, v in more.items()}).message


def test_the_s3_store_needs_a_bucket() -> None:
    assert "store.bucket" in refused(None, {"SCANPIPE__STORE__KIND": "s3"}).message
    environ = {"SCANPIPE__STORE__KIND": "s3", "SCANPIPE__STORE__BUCKET": "exams"}
    assert load_settings(None, environ)[0].store.bucket == "exams"


@pytest.mark.parametrize(
    ("content", "wrong", "meant"),
    [
        ("[engine]\nworker = 2\n", "engine.worker", "engine.workers"),
        ("[inbox]\nqiet_s = 2\n", "inbox.qiet_s", "inbox.quiet_s"),
        ('datadir = "x"\n', "datadir", "data_dir"),
        ("[engines]\nworkers = 2\n", "engines.workers", "engine.workers"),
        ("port = 8080\n", "port", "web.port"),
    ],
)
def test_a_misspelled_key_is_an_error_that_says_what_was_meant(
    file: Path, content: str, wrong: str, meant: str
) -> None:
    file.write_text(content)
    message = refused(file, {}).message
    assert f"unknown key {wrong}" in message and f"did you mean {meant}?" in message


@pytest.mark.parametrize("content", ["web = 8080\n", "[web.port]\nnumber = 8080\n", "[[web]]\nport = 1\n"])
def test_a_key_of_the_wrong_shape_is_an_error(file: Path, content: str) -> None:
    file.write_text(content)
    assert "web" in refused(file, {}).message


def test_an_empty_section_that_nobody_knows_is_an_error(file: Path) -> None:
    file.write_text("[engin]\n")
    message = refused(file, {}).message
    assert "unknown key engin " in message
    file.write_text("[engine]\n# workers = 3\n")
    assert load_settings(file, {})[0] == Settings()


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("SCANPIPE__ENGINE__WORKER", "SCANPIPE__ENGINE__WORKERS"),
        ("SCANPIPE__DATADIR", "SCANPIPE__DATA_DIR"),
        ("SCANPIPE__ENGINE_WORKERS", "SCANPIPE__ENGINE__WORKERS"),
        ("SCANPIPE__STORE__BUCKETS", "SCANPIPE__STORE__BUCKET"),
    ],
)
def test_a_misspelled_variable_is_an_error_that_says_what_was_meant(wrong: str, meant: str) -> None:
    message = refused(None, {wrong: "1"}).message
    assert f"unknown variable {wrong}" in message and f"did you mean {meant}?" in message


def test_a_name_like_no_other_is_refused_without_a_guess() -> None:
    message = refused(None, {"SCANPIPE__XYZZY": "1"}).message
    assert "unknown variable SCANPIPE__XYZZY" in message and "did you mean" not in message


def test_all_that_is_wrong_is_said_at_once(file: Path) -> None:
    file.write_text('[engine]\nworker = 2\n[web]\nport = "http"\n')
    environ = {"SCANPIPE__RENDER__JPEG_QUALITY": "10", "SCANPIPE__STORE__KIND": "ftp", "SCANPIPE__NOPE": ""}
    message = refused(file, environ).message
    assert len(message.splitlines()) == 5
    for word in ("engine.worker", "web.port", "jpeg_quality", "store.kind", "SCANPIPE__NOPE"):
        assert word in message


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    fault = refused(tmp_path / "none.toml", {})
    assert "none.toml" in fault.message and "SCANPIPE_CONFIG" in fault.hint
    assert str(tmp_path) in refused(tmp_path, {}).message


@pytest.mark.parametrize("content", [b"[web\n", b"\xff\xfe", b"port = \n", b"[web]\nport=1\nport=2\n"])
def test_a_file_that_is_no_toml(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    assert "is not TOML" in refused(file, {}).message


def test_settings_cannot_be_changed_afterwards() -> None:
    with pytest.raises(FrozenInstanceError):
        load_settings(None, {})[0].web.port = 1  # type: ignore[misc]


@given(st.dictionaries(st.sampled_from(sorted(DEFAULTS)), st.text(max_size=12), max_size=4))
def test_any_environment_gives_settings_or_a_fault(given: dict[str, str]) -> None:
    environ = {"SCANPIPE__" + k.upper().replace(".", "__"): v for k, v in given.items()}
    try:
        _, values = load_settings(None, environ)
    except ConfigFault as fault:
        assert fault.hint
        return
    assert {v.key: type(v.value) for v in values} == {k: type(v) for k, v in DEFAULTS.items()}


def test_a_secret_stands_in_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "ledger-url"
    secret.write_text("postgresql://scanpipe:hemmelig@db/ledger\n")
    settings, values = load_settings(None, {"SCANPIPE__LEDGER__URL_FILE": str(secret)})
    assert settings.ledger_url == "postgresql://scanpipe:hemmelig@db/ledger"
    assert (
        next(v.origin for v in values if v.key == "ledger.url")
        == f"{secret}, named by environment SCANPIPE__LEDGER__URL_FILE"
    )
    file = tmp_path / "scanpipe.toml"
    file.write_text(f'[ledger]\nurl_file = "{secret}"\n')
    assert load_settings(file, {})[0] == settings
    assert (
        "cannot be read: No such file" in refused(None, {"SCANPIPE__LEDGER__URL_FILE": str(tmp_path / "gone")}).message
    )
    assert "unknown variable SCANPIPE__LEDGER__URI_FILE" in refused(None, {"SCANPIPE__LEDGER__URI_FILE": "x"}).message


def test_sources_are_tables_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "scanpipe.toml"
    file.write_text(
        '[[source]]\nname = "skanner 1"\n[[source]]\nname = "skanner 2"\nfolder = "rom 210"\ndpi = 300\nduplex = true\n'
    )
    settings, values = load_settings(file, {})
    assert settings.sources == (
        SourceSettings("skanner 1", "skanner 1"),
        SourceSettings("skanner 2", "rom 210", duplex=True, dpi=300),
    )
    assert {s.kind for s in settings.sources} == {"scanner"}
    assert [v.value["name"] for v in values if v.key == "source"] == ["skanner 1", "skanner 2"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[[source]]\ndpi = 300", "has no name"),
        ('[[source]]\nname = "a"\ndip = 300', "did you mean dpi?"),
        ('[[source]]\nname = "a"\ndpi = "many"', "is not a whole number"),
        ('[[source]]\nname = "a"\nkind = "fax"', "kind must be one of scanner, phone"),
        ('[[source]]\nname = "a"\n[[source]]\nname = "b"\nfolder = "A"', "two sources have the folder a"),
    ],
)
def test_what_is_wrong_with_a_source(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "scanpipe.toml"
    file.write_text(text)
    assert says in refused(file, {}).message


@pytest.mark.parametrize("pattern", ["_(", "_[0-9]+", "(a)(b)"])
def test_an_imprint_is_a_pattern_with_one_group(tmp_path: Path, pattern: str) -> None:
    file = tmp_path / "scanpipe.toml"
    file.write_text(f'[[source]]\nname = "a"\nimprint = "{pattern}"\n')
    assert "source 1: imprint must be a regular expression with one group" in refused(file, {}).message


def test_the_imprinted_number_is_found_in_the_name_of_the_scanners_own_files() -> None:
    source = SourceSettings("a", "rom 210", imprint=r"_(\d{6})[._]")
    assert source.imprinted("rom 210/job 7/IMG_004711.jpg") == "004711"
    assert source.imprinted("rom 210/IMG_0047_000012.jpg") == "000012"
    assert source.imprinted("rom 210/IMG.jpg") is None and source.imprinted("rom 211/IMG_004711.jpg") is None
    assert source.imprinted("rom 210/in_000001.d/IMG.jpg") is None, "not what a folder is called"
    assert SourceSettings("a", "rom 210").imprinted("rom 210/IMG_004711.jpg") is None


def test_certificates_go_together() -> None:
    assert "go together" in refused(None, {"SCANPIPE__ENGINE__TLS_CA": "/etc/ca.pem"}).message
