"""`scanpipe users …` and `scanpipe tokens …`."""

from __future__ import annotations

import click

from scanpipe.cli.door import Door, asked_password, emit, json_option, pass_door, password_stdin_option, person
from scanpipe.desk import people
from scanpipe.desk import tokens as programs

_SCOPES = f"Comma-separated, of {', '.join(programs.SCOPES)}; or read: all that read; or all."


@click.group()
def users() -> None:
    """The people who may sign in.

    \b
    Example: scanpipe users list
    """


@users.command("add")
@click.argument("name")
@click.option("--role", required=True, type=click.Choice(people.ROLES), help="What the person may do.")
@click.option("--tests", default="", help="Comma-separated: the tests that an author, grader or invigilator works on.")
@click.option("--rooms", default="", help="Comma-separated: the rooms of an invigilator.")
@password_stdin_option
@click.option(
    "--no-password", is_flag=True, help="An identity provider lets the person in; this says what they work on."
)
@pass_door
def add_user(door: Door, /, name: str, role: str, password_stdin: bool, no_password: bool, **bound: str) -> None:
    """Make an account for a person.

    \b
    Example: scanpipe users add kari --role exam_office
    """
    password = None if no_password else asked_password(password_stdin)
    with door.parts() as parts:
        people.add_user(parts, name, role, password, person(), **bound)
    click.echo(f"{name} may come in as {role}.")


@users.command("change")
@click.argument("name")
@click.option("--role", required=True, type=click.Choice(people.ROLES), help="What the person may do from now on.")
@click.option("--tests", default="", help="Comma-separated: the tests that an author, grader or invigilator works on.")
@click.option("--rooms", default="", help="Comma-separated: the rooms of an invigilator.")
@pass_door
def change_user(door: Door, name: str, role: str, tests: str, rooms: str) -> None:
    """Give a person another role, or other tests and rooms. It holds from their next click on.

    \b
    Example: scanpipe users change kari --role grader --tests MA0001-2026H
    """
    with door.parts() as parts:
        people.change_user(parts, name, people.Wish(role, tests, rooms), person())
    click.echo(f"{name} is {role} now.")


@users.command("password")
@click.argument("name")
@password_stdin_option
@pass_door
def set_password(door: Door, name: str, password_stdin: bool) -> None:
    """Give an account a new password; its sessions end.

    \b
    Example: scanpipe users password kari
    """
    password = asked_password(password_stdin)
    with door.parts() as parts:
        people.set_password(parts, name, password, person())
    click.echo(f"{name} has a new password.")


@users.command("end")
@click.argument("name")
@pass_door
def end_user(door: Door, name: str) -> None:
    """End an account and its sessions at once. Its name stays on record and is not given again.

    \b
    Example: scanpipe users end kari
    """
    with door.parts() as parts:
        people.end_user(parts, name, person())
    click.echo(f"{name} does not come in any more.")


@users.command("list")
@json_option
@pass_door
def list_users(door: Door, as_json: bool) -> None:
    """List the accounts and their roles.

    \b
    Example: scanpipe users list
    """
    with door.parts() as parts, parts.ledger.read() as r:
        for account in r.accounts().all_accounts():
            if as_json:
                bound = {"tests": _listed(account.tests), "rooms": _listed(account.rooms), "ended": account.ended}
                emit({"name": account.name, "role": account.role, "at": account.at} | bound)
            else:
                bound_to = " ".join(x for x in (account.tests, account.rooms) if x)
                since = f"ended {account.ended[:10]}" if account.ended else f"since {account.at[:10]}"
                click.echo(f"{account.name:<24} {account.role:<20} {since}  {bound_to}".rstrip())


@click.group()
def tokens() -> None:
    """The tokens of programs that use the API.

    \b
    Example: scanpipe tokens list
    """


@tokens.command("add")
@click.argument("name")
@click.option("--scopes", required=True, help=_SCOPES)
@click.option("--tests", help="Comma-separated; the token sees only these tests [default: all].")
@click.option("--expires-days", type=click.IntRange(1, 3650), help="Ends after so many days [default: never].")
@pass_door
def add_token(door: Door, name: str, scopes: str, tests: str | None, expires_days: int | None) -> None:
    """Make a token and print it: the only time that it is shown.

    \b
    Example: scanpipe tokens add grading --scopes slots:read,content:read,events:read --tests MA0001-2026H
    """
    planned = programs.plan_token(name, _scopes(scopes), _listed(tests or ""), expires_days)
    with door.parts() as parts:
        secret = programs.add_token(parts, planned, person())
    click.echo("Keep it safe, it is not shown again:", err=True)
    click.echo(secret)


@tokens.command("list")
@json_option
@pass_door
def list_tokens(door: Door, as_json: bool) -> None:
    """List the tokens: what they may do, and when they were last used.

    \b
    Example: scanpipe tokens list
    """
    with door.parts() as parts, parts.ledger.read() as r:
        for t in r.accounts().all_tokens():
            if as_json:
                row = {"name": t.name, "scopes": _listed(t.scopes), "tests": _listed(t.tests), "made": t.made}
                emit(row | {"expires": t.expires, "revoked": t.revoked, "last_used": t.last_used})
                continue
            state = "revoked" if t.revoked else f"until {t.expires[:10]}" if t.expires else "no end"
            click.echo(f"{t.name:<24} {t.scopes:<44} {t.tests or 'all tests'}  {state}  used {t.last_used or 'never'}")


@tokens.command("revoke")
@click.argument("name")
@pass_door
def revoke_token(door: Door, name: str) -> None:
    """End a token at once.

    \b
    Example: scanpipe tokens revoke grading
    """
    with door.parts() as parts:
        programs.revoke_token(parts, name, person())
    click.echo(f"{name} lets nobody in any more.")


def _scopes(text: str) -> list[str]:
    if text in ("all", "read"):
        return [s for s in programs.SCOPES if text == "all" or s.endswith(":read")]
    return _listed(text)


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


COMMANDS = (users, tokens)
