# SPDX-License-Identifier: Apache-2.0
"""The timeline of one thing with its lineage and gaps; who held what at an instant."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from flask import url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lims.core.clock import now, utc_text
from lims.core.codes import Kind
from lims.core.errors import NotFound
from lims.core.words import Many, Say
from lims.custody.queries import (
    ancestors,
    at_place_at,
    blocked,
    descendants,
    gaps,
    held_by_at,
    holder_at,
    intervals,
    sound_streams,
    subject,
)
from lims.custody.rules import Event, Gap, GapKind, Interval
from lims.people.queries import actor_of_initials
from lims.quality.queries import Filter, Names, count_events, names_of, timeline
from lims.quality.rules import ACT_WORDS, Act, OneQuestion
from lims.quality.schemas import HeldSchema, TimelineSchema
from lims.quality.views.blueprint import blueprint
from lims.samples.queries import Branch, in_detail, lineage
from lims.samples.rules import state_look
from lims.web.errors import wants_json
from lims.web.guard import needs
from lims.web.locale import in_both, in_words, language, translate
from lims.web.pages import code_in_path, laboratory, page, query, reading, settings
from lims.web.rights import Right

PAGE = 50
FOLD = 50
"""A lineage of more things is folded, and of one thing so many parts are drawn."""

MORE = Many("and %(count)s more", "and %(count)s more")
HIDDEN = frozenset({Kind.BADGE, Kind.STATION, Kind.COMMAND})


@dataclass(frozen=True)
class Asked:
    """What the address asked for: as typed, and as read."""

    typed: Mapping[str, Any]
    filter: Filter

    @property
    def kept(self) -> dict[str, Any]:
        """The filters as they stand in an address."""
        return {
            name: str(self.typed[name])
            for name in ("who", "place", "since", "until", "act")
            if self.typed[name]
        }


@blueprint.get("/custody/<code>", endpoint="timeline")
@needs(Right.SEE_SAMPLES)
def get_timeline(code: str) -> ResponseReturnValue:
    """Show what happened to a thing and to all it came from and went into, and who held it."""
    read = code_in_path(code)
    typed = query(TimelineSchema())
    with reading() as session:
        thing = subject(session, read)
        if thing is None or thing.kind in HIDDEN:
            raise NotFound(code=read)
        asked = _asked(session, typed)
        above, below = ancestors(session, read), descendants(session, read)
        streams = (read,) if typed["alone"] else (read, *above, *below)
        found = timeline(session, streams, asked.filter, limit=PAGE, before=typed["before"])
        missing = gaps(session, read, laboratory().gap_checks)
        held = intervals(session, read)
        names = names_of(
            session,
            {
                *(event.actor for event in found.events), *(one.holder for one in held),
                *(actor for gap in missing for actor in gap.actors),
            },
            {*(event.device for event in found.events), *(one.place for one in held)},
        )  # fmt: skip
        sound = sound_streams(session, {event.stream for event in found.events})
        real = [gap for gap in missing if gap.kind is not GapKind.UNSIGNED]
        waits = [gap for gap in missing if gap.kind is GapKind.UNSIGNED]
        if wants_json():
            return _as_json(read, found.events, found.before, real, waits, held, names)
        whole = 1 + len(above) + len(below)
        roots = lineage(session, read, (read, *above, *below))
        kept = asked.kept | ({"alone": "true"} if typed["alone"] else {})
        return page(
            "quality/timeline.html",
            code=read, kind=thing.kind, state=thing.state, look=state_look(thing.state),
            holds=blocked(session, read),
            typed=typed, filtered=bool(asked.kept), things=whole,
            acts=[(act.value, translate(words)) for act, words in ACT_WORDS.items()],
            events=[_shown(event, read, names, event.stream in sound) for event in found.events],
            total=count_events(session, streams),
            older=url_for("quality.timeline", code=read, before=found.before, **kept)
            if found.before is not None else "",
            newest=url_for("quality.timeline", code=read, **kept)
            if typed["before"] is not None else "",
            gaps=[_gap(gap, names) for gap in real], waits=[_gap(gap, names) for gap in waits],
            held=[_held(one, names) for one in reversed(held)],
            roots=[_node(root, whole > FOLD, _way_to(root, read)) for root in roots],
        )  # fmt: skip


def _asked(session: Session, typed: Mapping[str, Any]) -> Asked:
    zone = settings().time_zone

    def midnight(day: Any, days: int = 0) -> datetime | None:
        return datetime.combine(day + timedelta(days=days), time.min, zone) if day else None

    return Asked(
        typed,
        Filter(
            actor=actor_of_initials(session, typed["who"]) if typed["who"].strip() else "",
            place=code_in_path(typed["place"]) if typed["place"].strip() else "",
            since=midnight(typed["since"]),
            until=midnight(typed["until"], 1),
            act=Act(typed["act"]) if typed["act"] else None,
        ),
    )


def _shown(event: Event, here: str, names: Names, sound: bool) -> dict[str, Any]:
    place = names.place(event.device, arabic=language() == "ar") if event.device else ""
    return {
        "words": translate(event.words),
        "at": event.occurred,
        "late": event.recorded if event.recorded - event.occurred > timedelta(seconds=60) else None,
        "index": event.index,
        "by": names.people.get(event.actor, event.actor),
        "about": event.stream if event.stream != here else "",
        "about_url": url_for("quality.timeline", code=event.stream) if event.stream != here else "",
        "detail": in_words(in_detail(event)),
        "place": place,
        "sound": sound,
        "refused": str(event.tag) in REFUSALS,
    }


REFUSALS = frozenset(
    {
        "subject:hold:set", "label:instance:voided", "profile:record:refused",
        "run:injection:voided", "plate:well:voided", "batch:member:removed",
        "sample:item:rejected", "scan:code:stopped", "sample:item:missed",
        "sample:item:destroyed", "sample:destruction:queued", "subject:custody:taken-over",
    }
)  # fmt: skip
"""Events that a reader of a timeline must not overlook."""


def _gap(gap: Gap, names: Names) -> dict[str, Any]:
    url = ""
    if gap.event is not None:
        place: dict[str, Any] = {"before": gap.event + 1, "_anchor": f"e{gap.event}"}
        url = url_for("quality.timeline", code=gap.code, **place)
    words = in_words(gap.named(names.people).say)
    return {"code": gap.code, "words": words, "at": gap.at, "index": gap.event, "url": url}


def _held(one: Interval, names: Names) -> dict[str, Any]:
    return {
        "holder": in_words(names.holder(one.holder)),
        "place": names.place(one.place, arabic=language() == "ar") if one.place else "",
        "position": one.position,
        "since": one.began_at,
        "until": one.ended_at,
        "moment": one.ended_at == one.began_at,
    }


def _way_to(branch: Branch, here: str) -> frozenset[str]:
    """Return the codes from a root down to the thing of the page; none where it is not below."""
    if branch.code == here:
        return frozenset({here})
    for child in branch.children:
        if way := _way_to(child, here):
            return way | {branch.code}
    return frozenset()


def _node(branch: Branch, fold: bool, way: frozenset[str]) -> dict[str, Any]:
    kind = translate(branch.words)
    # What leads to the thing of the page is always drawn.
    drawn = sorted(branch.children, key=lambda child: child.code not in way)[:FOLD]
    left = len(branch.children) - len(drawn)
    children = [_node(child, fold, way) for child in drawn]
    if left:
        children.append(
            {
                "words": in_words(Say(MORE, {"count": left})),
                "url": url_for("quality.timeline", code=branch.code), "children": [],
            }
        )  # fmt: skip
    folded = ""
    if fold and children and not (way & {child.code for child in branch.children}):
        folded = in_words(
            Say(
                Many("%(count)s thing came from it", "%(count)s things came from it"),
                {"count": len(branch.children)},
            )
        )
    return {
        "words": kind[:1].upper() + kind[1:],
        "code": branch.code,
        "note": translate(state_look(branch.state)[1]),
        "url": url_for("quality.timeline", code=branch.code),
        "here": branch.here,
        "state": branch.look,
        "folded": folded,
        "children": children,
    }


def _as_json(
    code: str, events: tuple[Event, ...], before: int | None, real: list[Gap], waits: list[Gap],
    held: tuple[Interval, ...], names: Names,
) -> dict[str, object]:  # fmt: skip
    return {
        "code": code,
        "events": [
            {
                "index": event.index, "type": str(event.tag), "words": in_both(Say(event.words)),
                "stream": event.stream, "by": names.people.get(event.actor, event.actor),
                "station": event.device, "occurred": utc_text(event.occurred),
                "recorded": utc_text(event.recorded), "content": dict(event.content),
            }
            for event in events
        ],
        "before": before,
        "no_gaps": not real,
        "gaps": [
            {
                "code": gap.code, "kind": gap.kind.value, "event": gap.event,
                "say": in_both(gap.named(names.people).say),
            }
            for gap in real
        ],
        "unsigned_from": waits[0].event if waits else None,
        "held": [
            {
                "by": names.people.get(one.holder, one.holder), "place": one.place,
                "position": one.position, "since": utc_text(one.began_at),
                "until": utc_text(one.ended_at) if one.ended_at else None,
            }
            for one in held
        ],
    }  # fmt: skip


@blueprint.get("/custody", endpoint="held")
@needs(Right.SEE_LEDGER)
def get_held() -> ResponseReturnValue:
    """Show who held a thing, what a person held, or what was at a place, at an instant."""
    typed = query(HeldSchema())
    zone = settings().time_zone
    at = typed["at"].replace(tzinfo=zone).astimezone(UTC) if typed["at"] else now()
    person, place, code = (typed[name].strip() for name in ("who", "place", "code"))
    if sum(map(bool, (person, place, code))) > 1:
        raise OneQuestion()
    with reading() as session:
        found: tuple[Interval, ...] = ()
        if code:
            read = code_in_path(code)
            if subject(session, read) is None:
                raise NotFound(code=read)
            one = holder_at(session, read, at)
            found = (one,) if one is not None else ()
        elif person:
            holder = actor_of_initials(session, person)
            found = held_by_at(session, holder, at, limit=PAGE + 1, after=typed["after"])
        elif place:
            found = at_place_at(
                session, code_in_path(place), at, limit=PAGE + 1, after=typed["after"]
            )
        names = names_of(session, {row.holder for row in found}, {row.place for row in found})
        after = found[PAGE - 1].code if len(found) > PAGE else ""
        found = found[:PAGE]
        rows = [_held(row, names) | {"code": row.code} for row in found]
    if wants_json():
        return {
            "at": utc_text(at),
            "things": [
                {
                    "code": row.code, "by": names.people.get(row.holder, row.holder),
                    "place": row.place, "position": row.position, "since": utc_text(row.began_at),
                    "until": utc_text(row.ended_at) if row.ended_at else None,
                }
                for row in found
            ],
            "after": after,
        }  # fmt: skip
    kept = {name: typed[name] for name in ("who", "place", "code") if typed[name]}
    if typed["at"]:
        kept["at"] = typed["at"].isoformat(timespec="minutes")
    return page(
        "quality/held.html", typed=typed, asked=bool(person or place or code), at=at, rows=rows,
        wall=at.astimezone(zone).strftime("%Y-%m-%dT%H:%M"), zone=str(zone),
        further=url_for("quality.held", **kept, after=after) if after else "",
        first=url_for("quality.held", **kept) if typed["after"] else "",
    )  # fmt: skip
