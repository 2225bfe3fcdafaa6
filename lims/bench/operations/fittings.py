# SPDX-License-Identifier: Apache-2.0
"""What a bench is fitted with: the cards of its commands, and screens nobody signs in at."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.bench.models import CommandCard, Screen
from lims.bench.rules import NoScreenAtIntake, ScreenCodeWrong
from lims.core.actors import Actor
from lims.core.codes import Kind, draw_code
from lims.core.errors import NotFound
from lims.core.scans import Command, StationKind
from lims.custody.operations import append, create_subject
from lims.custody.rules import Tag
from lims.people.operations import digest
from lims.people.operations.secrets import draw_start_code, draw_token
from lims.people.queries import open_station, station
from lims.printing.operations import queue_label, reprint
from lims.printing.queries import labels_of

CARD = "bench card"
"""The layout of a command card."""
IN_USE = "in use"
CODE_GOOD = timedelta(minutes=15)


def print_cards(
    session: Session, station_code: str, words: Mapping[Command, tuple[str, str]], *,
    reason: str, by: Actor, at: datetime,
) -> tuple[str, ...]:  # fmt: skip
    """Queue the six command cards of a station at its printer; return their payloads.

    `words` are the lines of each card in English and Arabic. Cards that it has are void from then
    on, for `reason`. Raises NotFound, ReasonMissing, LabelDoesNotFit.
    """
    open_station(session, station_code)
    known = {
        card.command: card.code
        for card in session.scalars(
            select(CommandCard).where(CommandCard.station_code == station_code)
        )
    }
    payloads = []
    for command, (english, arabic) in words.items():
        code = known.get(command) or _new_card(session, station_code, command, by=by, at=at)
        if labels_of(session, code):
            payloads.append(
                reprint(session, code, reason=reason, station=station_code, by=by, at=at)
            )
        else:
            payloads.append(
                queue_label(
                    session, code, layout=CARD, station=station_code, by=by, at=at,
                    kind=command.value.upper(), line1=english, line2=arabic,
                )
            )  # fmt: skip
    return tuple(payloads)


def order_screen(session: Session, station_code: str, *, by: Actor, at: datetime) -> str:
    """Return a code that opens a screen of a station once, within 15 minutes.

    Raises NotFound, StationClosed, NoScreenAtIntake.
    """
    if open_station(session, station_code).kind is StationKind.INTAKE:
        raise NoScreenAtIntake()
    code = draw_start_code()
    session.add(
        Screen(
            station_code=station_code, secret=digest(code), made_at=at, made_by=by.id,
            code_until=at + CODE_GOOD,
        )
    )  # fmt: skip
    session.flush()
    append(
        session, Tag.STATION_SCREEN_ORDERED, stream=station_code, by=by, at=at, device="",
        content={},
    )  # fmt: skip
    return code


def open_screen(session: Session, code: str, *, at: datetime) -> tuple[str, str]:
    """Open the screen whose code was typed; return its station and the token its browser keeps.

    Raises ScreenCodeWrong.
    """
    screen = session.scalar(
        select(Screen)
        .where(Screen.secret == digest(code), Screen.opened_at.is_(None))
        .with_for_update()
    )
    if screen is None or screen.closed_at is not None or screen.code_until < at:
        raise ScreenCodeWrong()
    token = draw_token()
    screen.secret, screen.opened_at = digest(token), at
    session.flush()
    append(
        session, Tag.STATION_SCREEN_OPENED, stream=screen.station_code, at=at, device="",
        by=Actor(f"a:{screen.station_code}"), content={"screen": screen.id},
    )  # fmt: skip
    return screen.station_code, token


def close_screen(session: Session, number: int, *, by: Actor, at: datetime) -> None:
    """Close a screen: its browser shows nothing from now on. Raises NotFound."""
    screen = session.get(Screen, number, with_for_update=True, populate_existing=True)
    if screen is None:
        raise NotFound(code=str(number))
    if screen.closed_at is not None:
        return
    screen.closed_at = at
    session.flush()
    append(
        session, Tag.STATION_SCREEN_CLOSED, stream=station(session, screen.station_code).code,
        by=by, at=at, device="", content={"screen": screen.id},
    )  # fmt: skip


def _new_card(
    session: Session, station_code: str, command: Command, *, by: Actor, at: datetime
) -> str:
    code = draw_code(Kind.COMMAND)
    create_subject(
        session, code, Tag.STATION_CARD_ADDED, by=by, at=at,
        content={"station": station_code, "command": command.value}, state=IN_USE,
    )  # fmt: skip
    session.add(CommandCard(code=code, station_code=station_code, command=command))
    session.flush()
    return code
