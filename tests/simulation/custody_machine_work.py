# SPDX-License-Identifier: Apache-2.0
"""Acts of work: things are coded, accepted, divided, extracted, diluted, corrected, ended."""

import secrets
from datetime import date, datetime

from hypothesis import strategies as st
from hypothesis.stateful import rule
from sqlalchemy.orm import Session

from lims.core.actors import Actor
from lims.core.files import FileStore
from lims.core.scans import StationKind
from lims.extraction.operations import complete_extraction, dilute, load_aliquot, open_extraction
from lims.identities.operations import code_references, record_reference
from lims.identities.queries import reference_pairs_of_list
from lims.people.rules import Line
from lims.plates.operations import record_use
from lims.plates.rules import Activity
from lims.samples.operations import (
    accept_sample,
    correct_amount,
    divide,
    permit_consumption,
    register_bone_sample,
    take_lysate,
    take_powder,
    take_punch,
)
from lims.samples.rules import Consumption, CorrectionWhy, ExpectedSex, Material, Side
from tests.sealed import Sealed
from tests.simulation.custody_machine_model import Thing
from tests.simulation.custody_machine_steps import How, Steps, codes, how, picks, who
from tests.simulation.custody_machine_world import labelled

PREPARABLE = ("accepted", "in preparation", "in process")
EXTRACT_NL = 50_000
parts = st.sampled_from([10, 50, 100, 100, 130])
"""How much of what is left is taken, in hundredths."""


class Work(Steps):
    """What is done to things."""

    @rule(mass_mg=st.integers(1, 40), rule_of_last=st.sampled_from(Consumption), how=how)
    def code_a_bone(self, mass_mg: int, rule_of_last: Consumption, how: How) -> None:
        by = self.world.cast.coordinator

        def act(session: Session, at: datetime) -> dict[str, object]:
            code = register_bone_sample(
                session, element="femur", side=Side.LEFT, material=Material.BONE,
                mass_ug=mass_mg * 1000, expected_sex=ExpectedSex.UNKNOWN,
                consumption=rule_of_last, by=by, at=at,
            )  # fmt: skip
            labelled(session, code, by, self.station(StationKind.INTAKE), at)
            return {"code": code}

        answer = self.attempt("code a bone", act, by, how, allowed=True)
        assert answer is not None
        code = str(answer["code"])
        self.model.add(
            Thing(
                code, by.id, "", "coded", left=mass_mg * 1000, sample=code, what="bone",
                consumption=rule_of_last, coder=by.id,
            )
        )  # fmt: skip

    @rule(material=st.sampled_from([Material.BLOOD_CARD, Material.BUCCAL_SWAB]), how=how)
    def code_a_reference(self, material: Material, how: How) -> None:
        by, world = self.world.cast.coordinator, self.world

        def act(session: Session, at: datetime) -> dict[str, object]:
            sealed = Sealed(world.vault, FileStore(world.settings.files), world.cast, at)
            donor = sealed.a_donor(session, number=secrets.token_hex(6))
            ref = record_reference(
                session, world.vault, donor, material=material, taken_on=date(2026, 3, 1), by=by,
                at=at,
            )  # fmt: skip
            listed = code_references(
                session, world.vault, [ref], station=self.station(StationKind.INTAKE), minimum=1,
                by=by, at=at,
            )  # fmt: skip
            (pair,) = reference_pairs_of_list(session, world.vault, listed)
            labelled(session, pair.code, by, self.station(StationKind.INTAKE), at)
            return {"code": pair.code, "donor": donor}

        answer = self.attempt("code a reference", act, by, how, allowed=True)
        assert answer is not None
        code = str(answer["code"])
        self.model.add(
            Thing(
                code, by.id, "", "coded", sample=code, what=material.value, coder=by.id,
                donor=str(answer["donor"]),
            )
        )  # fmt: skip

    @rule(number=picks, by=st.sampled_from([1, 1, 2, 3, 6]), how=how)
    def accept(self, number: int, by: int, how: How) -> None:
        thing = self.pick(number, "BR", wants=lambda one: one.state == "coded")
        if thing is None:
            return
        person, station = self.people[by - 1], self.station(StationKind.RECEPTION)
        known = thing

        def act(session: Session, at: datetime) -> dict[str, object]:
            accept_sample(session, known.code, by=person, at=at, station=station)
            return {}

        allowed = (
            thing.state == "coded" and self.model.free(thing) and person.id != thing.coder
            and (thing.holder == thing.coder or self.model.at_hand(thing, person))
        )  # fmt: skip
        if self.attempt("accept", act, person, how, allowed=allowed) is not None:
            thing.passes(person.id, station)
            thing.state = "accepted"

    @rule(number=picks, by=who, hundredths=parts, witnessed=st.booleans(), how=how)
    def grind(self, number: int, by: int, hundredths: int, witnessed: bool, how: How) -> None:
        thing = self.pick(number, "BR", wants=lambda one: one.kind == "B" and one.left != 0)
        if thing is None:
            return
        person, witness = self.worker(by, thing), self.witness(witnessed)
        mass = max(1, (thing.left or 0) * hundredths // 100)
        station, code = self.station(StationKind.PREPARATION), thing.code

        def act(session: Session, at: datetime) -> dict[str, object]:
            made = take_powder(
                session, code, mass, reason="more", witness=witness, by=person, at=at,
                station=station,
            )  # fmt: skip
            labelled(session, made.code, person, station, at)
            return {"code": made.code}

        allowed = (
            self.may_prepare(thing, person) and thing.kind == "B" and mass <= (thing.left or 0)
            and self.model.may_take(thing, mass, witness, person)
        )  # fmt: skip
        answer = self.attempt("grind", act, person, how, allowed=allowed)
        if answer is not None:
            self.part(thing, str(answer["code"]), person, station, mass, mass, "powder")
            self.model.advance(thing.code, "in preparation")

    @rule(number=picks, by=who, how=how)
    def punch_or_lyse(self, number: int, by: int, how: How) -> None:
        thing = self.pick(number, "R", wants=lambda one: one.state in PREPARABLE)
        if thing is None:
            return
        person, station = self.worker(by, thing), self.station(StationKind.PREPARATION)
        known, lysed = thing, thing.what == Material.BUCCAL_SWAB.value
        take = take_lysate if lysed else take_punch

        def act(session: Session, at: datetime) -> dict[str, object]:
            made = take(session, known.code, reason="more", by=person, at=at, station=station)
            labelled(session, made.code, person, station, at)
            return {"code": made.code}

        answer = self.attempt(
            "punch or lyse", act, person, how, allowed=self.may_prepare(thing, person)
        )
        if answer is not None:
            self.part(
                thing, str(answer["code"]), person, station, 0, 200_000 if lysed else None,
                "lysate" if lysed else "punch",
            )  # fmt: skip
            self.model.advance(thing.code, "in preparation")

    @rule(number=picks, by=who, hundredths=parts, witnessed=st.booleans(), how=how)
    def divide(self, number: int, by: int, hundredths: int, witnessed: bool, how: How) -> None:
        thing = self.pick(number, "AX", wants=lambda one: one.kind == "A" and bool(one.left))
        if thing is None:
            return
        person, witness = self.worker(by, thing), self.witness(witnessed)
        quantity = max(1, (thing.left or 0) * hundredths // 100)
        station, code = self.station(StationKind.PREPARATION), thing.code

        def act(session: Session, at: datetime) -> dict[str, object]:
            made = divide(
                session, code, quantity, reason="two", witness=witness, by=person, at=at,
                station=station,
            )  # fmt: skip
            labelled(session, made.code, person, station, at)
            return {"code": made.code}

        allowed = (
            thing.kind == "A" and thing.state == "created" and thing.left is not None
            and quantity <= thing.left and self.model.free(thing)
            and self.model.at_hand(thing, person)
            and self.model.may_take(thing, quantity, witness, person)
        )  # fmt: skip
        answer = self.attempt("divide", act, person, how, allowed=allowed)
        if answer is not None:
            self.part(thing, str(answer["code"]), person, station, quantity, quantity, thing.what)
            if thing.left == 0:
                thing.ends("used")

    @rule(number=picks, by=who, witnessed=st.booleans(), how=how)
    def extract(self, number: int, by: int, witnessed: bool, how: How) -> None:
        thing = self.pick(
            number, "A", wants=lambda one: one.state == "created" and one.what != "dilution"
        )
        if thing is None:
            return
        person, witness = self.worker(by, thing), self.witness(witnessed)
        station, world, code = self.station(StationKind.EXTRACTION), self.world, thing.code
        line = Line.BONE if thing.sample[0] == "B" else Line.REFERENCE

        def act(session: Session, at: datetime) -> dict[str, object]:
            batch = open_extraction(
                session, line=line, procedure_id=world.procedure, by=person, at=at
            ).code
            record_use(
                session, batch, world.lots[Activity.EXTRACTION], activity=Activity.EXTRACTION,
                by=person, at=at,
            )  # fmt: skip
            load_aliquot(session, batch, code, by=person, at=at, station=station)
            made = complete_extraction(
                session, batch, by=person, at=at, station=station, witness=witness
            )
            for one in made:
                labelled(session, one.code, person, station, at)
            blanks = [one.code for one in made if one.is_blank]
            return {
                "batch": batch, "blanks": blanks,
                "made": [one.code for one in made if one.code not in blanks],
            }  # fmt: skip

        allowed = (
            thing.state == "created" and thing.what != "dilution" and thing.left != 0
            and self.model.free(thing) and self.model.at_hand(thing, person)
            and self.model.may_take(thing, thing.left or 0, witness, person)
        )  # fmt: skip
        answer = self.attempt("extract", act, person, how, allowed=allowed)
        if answer is None:
            return
        thing.ends("used")
        self.model.advance(thing.sample, "in process")
        batch = str(answer["batch"])
        for made, sample, what, parents in (
            *((one, thing.sample, "extract", (code, batch)) for one in codes(answer, "made")),
            *((one, "", "blank", (batch,)) for one in codes(answer, "blanks")),
        ):
            self.model.add(
                Thing(
                    made, person.id, station, "created", parents=parents, left=EXTRACT_NL,
                    sample=sample, what=what,
                )
            )  # fmt: skip

    @rule(number=picks, by=who, hundredths=parts, of=st.sampled_from([2, 10]), how=how)
    def dilute(self, number: int, by: int, hundredths: int, of: int, how: How) -> None:
        thing = self.pick(
            number, "AX", wants=lambda one: one.what in ("extract", "dilution") and bool(one.left)
        )
        if thing is None:
            return
        person = self.worker(by, thing)
        volume = max(1, (thing.left or 0) * hundredths // 100)
        station, world, code = self.station(StationKind.QUANTIFICATION), self.world, thing.code

        def act(session: Session, at: datetime) -> dict[str, object]:
            made = dilute(
                session, code, volume_nl=volume, parts=1, of=of, reason="too strong",
                lot=world.lots[Activity.QUANTIFICATION], by=person, at=at, station=station,
            )  # fmt: skip
            labelled(session, made.code, person, station, at)
            return {"code": made.code}

        allowed = (
            thing.what in ("extract", "dilution") and thing.state == "created"
            and volume <= (thing.left or 0) and self.model.free(thing)
            and self.model.at_hand(thing, person)
        )  # fmt: skip
        answer = self.attempt("dilute", act, person, how, allowed=allowed)
        if answer is not None:
            self.part(thing, str(answer["code"]), person, station, volume, volume * of, "dilution")
            if thing.left == 0:
                thing.ends("used" if thing.kind == "A" else "consumed")

    @rule(
        number=picks, by=who, hundredths=st.sampled_from([0, 90, 100, 110]),
        witnessed=st.booleans(), how=how,
    )  # fmt: skip
    def correct(self, number: int, by: int, hundredths: int, witnessed: bool, how: How) -> None:
        thing = self.pick(number, "BAX", wants=lambda one: bool(one.left))
        if thing is None:
            return
        person, witness, code = self.actor(by, thing), self.witness(witnessed), thing.code
        before = thing.left or 0
        now = before * hundredths // 100

        def act(session: Session, at: datetime) -> dict[str, object]:
            correct_amount(
                session, code, now, CorrectionWhy.SPILT, remark="seen", by=person, at=at,
                witness=witness,
            )  # fmt: skip
            return {}

        allowed = (
            thing.left is not None and now != before and self.model.free(thing)
            and thing.holder == person.id
            and (now > before or self.model.may_take(thing, before - now, witness, person))
        )  # fmt: skip
        if self.attempt("correct", act, person, how, allowed=allowed) is not None:
            thing.left = now

    @rule(number=picks, how=how)
    def permit(self, number: int, how: How) -> None:
        thing = self.pick(number, "B", wants=lambda one: one.consumption is Consumption.ASK)
        if thing is None:
            return
        by, code = self.world.cast.coordinator, thing.code

        def act(session: Session, at: datetime) -> dict[str, object]:
            permit_consumption(
                session, code, reference="12-26", given_on=date(2026, 3, 1), by=by, at=at
            )
            return {}

        if self.attempt("permit", act, by, how, allowed=True) is not None:
            thing.permitted = True

    def witness(self, there: bool) -> Actor | None:
        """Return the second person, if one is there."""
        return self.world.cast.manager if there else None

    def may_prepare(self, thing: Thing, by: Actor) -> bool:
        """Return whether somebody may take a part of a sample."""
        return (
            thing.state in PREPARABLE and self.model.free(thing) and self.model.at_hand(thing, by)
        )

    def part(
        self, thing: Thing, code: str, by: Actor, station: str, taken: int, holds: int | None,
        what: str,
    ) -> None:  # fmt: skip
        """Believe that a part was taken: both are with its maker, at the bench."""
        thing.passes(by.id, station)
        if thing.left is not None:
            thing.left -= taken
        self.model.add(
            Thing(
                code, by.id, station, "created", parents=(thing.code,), left=holds,
                sample=thing.sample, what=what,
            )
        )  # fmt: skip
