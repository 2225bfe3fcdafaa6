# SPDX-License-Identifier: Apache-2.0
"""`lims user`: accounts from the console, for the first administrator and for emergencies."""

from pathlib import Path

import click

from lims.cli.common import (
    console,
    folder_option,
    json_option,
    open_laboratory,
    plain_errors,
    print_json,
    tell,
)
from lims.core.actors import Role
from lims.core.clock import now, utc_text
from lims.people.operations import add_person, invite


@click.group()
def user() -> None:
    """Accounts."""


@user.command("add")
@click.argument("login")
@click.option("--name", required=True, help="The person's name, as colleagues write it.")
@click.option("--initials", required=True, help="The short staff number shown on pages: T-07.")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True)
@folder_option
@json_option
@plain_errors
def add(login: str, name: str, initials: str, role: str, folder: Path, as_json: bool) -> None:
    """Add an account and print its one-time start code: the person chooses the password."""
    lab = open_laboratory(folder)
    at = now()
    with lab.database.writing() as session:
        person = add_person(
            session, login=login, name=name, initials=initials, role=Role(role), by=console(), at=at
        )
        invitation = invite(session, person, by=console(), at=at)
    if as_json:
        print_json(
            {
                "login": person.login,
                "role": person.role.value,
                "start_code": invitation.start_code,
                "valid_until": utc_text(invitation.until),
            }
        )
        return
    tell(
        f"{person.login} ({person.role.value}) is added. The start code is shown only now; it is "
        f"valid until {utc_text(invitation.until)}. At the sign-in page choose “first sign-in”."
    )
    click.echo(invitation.start_code)
