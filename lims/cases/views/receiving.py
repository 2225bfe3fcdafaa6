# SPDX-License-Identifier: Apache-2.0
"""Pages of receiving: by scanner and keyboard alone, seal by seal and item by item."""

from collections.abc import Callable
from functools import partial

from flask import Response, g, request, url_for
from sqlalchemy.orm import Session

from lims.cases.models.dispatches import Discrepancy, DispatchItem, Package
from lims.cases.operations import discrepancies, found, receiving, seals
from lims.cases.operations.receipts import draw_receipt, receipt_of
from lims.cases.operations.receiving import Outsider, Read
from lims.cases.queries import dispatches as queries
from lims.cases.rules.dispatches import (
    DECISION_WORDS,
    DISCREPANCY_WORDS,
    DISPATCH_LOOKS,
    ITEM_LOOKS,
    OF_PACKAGES,
    PACKAGE_LOOKS,
    DiscrepancyKind,
    NotOnList,
    SealDiffers,
)
from lims.cases.schemas import NothingSchema
from lims.cases.schemas.dispatches import (
    ArrivalSchema,
    DecisionSchema,
    DiscrepancySchema,
    DispatchPageSchema,
    ReadSchema,
    ReceiveSchema,
    SealSchema,
    WeighSchema,
    WitnessedSchema,
)
from lims.cases.views.blueprint import Answer, blueprint, look, words
from lims.core.actors import Actor
from lims.core.clock import local, now
from lims.core.errors import Refusal
from lims.core.sealing import open_vault
from lims.core.words import N_, Say
from lims.people.queries import initials_of
from lims.people.rules import LINE_WORDS
from lims.people.schemas import WitnessSchema
from lims.people.views import witness_of
from lims.samples.rules import read_mass
from lims.web.guard import needs, signed_in
from lims.web.locale import translate
from lims.web.pages import done, form, laboratory, page, query, reading, settings, write
from lims.web.pictures import sent_photograph
from lims.web.rights import Right


@blueprint.get("/cases/dispatches/<ref>")
@needs(Right.SEE_CASES)
def dispatch(ref: str) -> Answer:
    """Show a dispatch: packages, items, discrepancies, and what is to be done now."""
    asked = query(DispatchPageSchema())
    return _shown(ref, package=asked["package"], after=asked["after"])


@blueprint.post("/cases/dispatches/<ref>/arrival")
@needs(Right.REGISTER_CASES)
def post_arrival(ref: str) -> Answer:
    """Record who brings a dispatch; who is signed in receives it."""
    sent, vault = form(ArrivalSchema()), open_vault(settings())
    by = signed_in()
    deliverer: Outsider | Actor = Outsider(sent["name"], sent["organisation"], sent["document"])
    if sent["witness_badge"]:
        deliverer = witness_of(sent)

    def arrive(session: Session) -> dict[str, object]:
        receiving.arrive(
            session, vault, ref, deliverer=deliverer, receiver_name=g.who.name, by=by, at=now()
        )
        return {"to": url_for("cases.dispatch", ref=ref)}

    return done(write(arrive))


@blueprint.post("/cases/dispatches/<ref>/read")
@needs(Right.REGISTER_CASES)
def post_read(ref: str) -> Answer:
    """Take one scan: a seal, a package's label, or an item."""
    sent, vault = form(ReadSchema()), open_vault(settings())
    led: list[Read] = []

    def take(session: Session) -> dict[str, object]:
        # What was read is said on the page and nowhere stored but sealed.
        led.append(
            receiving.read_at_receiving(
                session, vault, ref, sent["read"], package_ref=sent["package"], by=signed_in(),
                at=now(),
            )
        )  # fmt: skip
        return {"to": url_for("cases.dispatch", ref=ref), "package": led[0].package}

    try:
        answer = write(take)
    except Refusal as refused:
        if request.is_json:
            raise
        return _shown(ref, package=sent["package"], refused=refused, read=sent["read"])
    if request.is_json:
        return done(answer)
    return _shown(
        ref, package=str(answer["package"]),
        said=led[0].say if led else Say(N_("This scan was taken already.")),
    )  # fmt: skip


@blueprint.post("/cases/dispatches/packages/<package>/open")
@needs(Right.REGISTER_CASES)
def post_open(package: str) -> Answer:
    """Break the seal of a package before a witness."""
    sent, by = form(WitnessedSchema()), signed_in()
    witness = witness_of(sent)
    vault = open_vault(settings())
    return _at_package(
        package,
        lambda session: seals.break_seal(
            session, vault, package, reason=sent["reason"], witness=witness, by=by, at=now()
        ),
    )


@blueprint.post("/cases/dispatches/packages/<package>/seal")
@needs(Right.REGISTER_CASES)
def post_seal(package: str) -> Answer:
    """Close an open package with a new seal."""
    sent, vault = form(SealSchema()), open_vault(settings())
    return _at_package(
        package,
        lambda session: seals.apply_seal(
            session, vault, package, number=sent["seal_number"], by=signed_in(), at=now()
        ),
    )


@blueprint.post("/cases/dispatches/packages/<package>/emptied")
@needs(Right.REGISTER_CASES)
def post_emptied(package: str) -> Answer:
    """Say that an open package is emptied."""
    form(NothingSchema())
    vault = open_vault(settings())
    return _at_package(
        package,
        lambda session: seals.empty_package(session, vault, package, by=signed_in(), at=now()),
    )


@blueprint.post("/cases/dispatches/items/<item>/mass")
@needs(Right.REGISTER_CASES)
def post_mass(item: str) -> Answer:
    """Record what the balance says of an item."""
    sent, vault = form(WeighSchema()), open_vault(settings())
    mass_ug = read_mass(sent["mass"])

    def weigh(session: Session) -> dict[str, object]:
        discrepancies.weigh(
            session, vault, item, mass_ug=mass_ug, reason=sent["reason"], by=signed_in(), at=now()
        )
        row = found(session, DispatchItem, item)
        return {"to": url_for("cases.dispatch", ref=row.dispatch_ref, package=row.package_ref)}

    return done(write(weigh))


@blueprint.post("/cases/dispatches/<ref>/discrepancies")
@needs(Right.REGISTER_CASES)
def post_discrepancy(ref: str) -> Answer:
    """Record what differs from the list, with a photograph if there is one."""
    sent, vault = form(DiscrepancySchema()), open_vault(settings())
    photograph, files = sent_photograph(), laboratory().files

    def record(session: Session) -> dict[str, object]:
        discrepancies.record_discrepancy(
            session, vault, ref, sent["kind"], reason=sent["reason"], package_ref=sent["package"],
            item_ref=sent["item"], read=sent["read"], photograph=photograph, files=files,
            by=signed_in(), at=now(),
        )  # fmt: skip
        return {"to": url_for("cases.dispatch", ref=ref, package=sent["package"] or None)}

    return done(write(record))


@blueprint.get("/cases/dispatches/discrepancies/<ref>/photograph")
@needs(Right.SEE_CASES)
def discrepancy_photograph(ref: str) -> Answer:
    """Show the photograph of a discrepancy."""
    vault = look("discrepancy photograph", ref)
    with reading() as session:
        shown = discrepancies.discrepancy_photograph(session, vault, laboratory().files, ref)
    return Response(shown.content, mimetype=f"image/{shown.kind}")


@blueprint.post("/cases/dispatches/discrepancies/<ref>/decision")
@needs(Right.CODE_SAMPLES)
def post_discrepancy_decision(ref: str) -> Answer:
    """Decide a discrepancy, confirmed by a second person."""
    sent, by = form(DecisionSchema()), signed_in()
    witness = witness_of(sent)
    vault = open_vault(settings())

    def decide(session: Session) -> dict[str, object]:
        discrepancies.decide(
            session, vault, ref, sent["decision"], reason=sent["reason"], witness=witness, by=by,
            at=now(),
        )  # fmt: skip
        row = found(session, Discrepancy, ref)
        return {"to": url_for("cases.dispatch", ref=row.dispatch_ref)}

    return done(write(decide))


@blueprint.post("/cases/dispatches/<ref>/received")
@needs(Right.REGISTER_CASES)
def post_received(ref: str) -> Answer:
    """Close the receiving of a dispatch; whole items of remains are ready for coding."""
    sent, vault = form(ReceiveSchema()), open_vault(settings())

    def close(session: Session) -> dict[str, object]:
        receiving.receive(session, vault, ref, taken_on=sent["taken_on"], by=signed_in(), at=now())
        return {"to": url_for("cases.dispatch", ref=ref)}

    return done(write(close))


@blueprint.post("/cases/dispatches/<ref>/hand-over")
@needs(Right.REGISTER_CASES)
def post_hand_over(ref: str) -> Answer:
    """Hand over what one holds of a dispatch to whoever confirms with badge and PIN."""
    sent, by = form(WitnessSchema()), signed_in()
    to = witness_of(sent)
    vault = open_vault(settings())

    def give(session: Session) -> dict[str, object]:
        receiving.hand_over(session, vault, ref, to=to, by=by, at=now())
        return {"to": url_for("cases.dispatch", ref=ref)}

    return done(write(give))


@blueprint.get("/cases/dispatches/<ref>/receipt.pdf")
@needs(Right.SEE_CASES)
def receipt(ref: str) -> Answer:
    """Hand out the receipt, in both languages, with the anchor of the ledger."""
    vault = look("receipt", ref)
    held = settings()
    with reading() as session:
        drawn = receipt_of(
            session, vault, ref, laboratory=(held.laboratory, held.laboratory_ar),
            zone=held.time_zone,
        )  # fmt: skip
    content = draw_receipt(drawn, partial(translate, into="ar"))
    return Response(
        content, mimetype="application/pdf",
        headers={"Content-Disposition": f'inline; filename="receipt-{ref[:8]}.pdf"'},
    )  # fmt: skip


def _shown(
    ref: str,
    *,
    package: str = "",
    after: int = 0,
    said: Say | None = None,
    refused: Refusal | None = None,
    read: str = "",
) -> Answer:
    vault = look("dispatch", ref)
    with reading() as session:
        shown = queries.dispatch(session, vault, ref)
        packages = queries.packages_of(session, vault, ref)
        items = queries.items_of(session, vault, ref, after=after)
        differs = queries.discrepancies_of(session, vault, ref)
        deliverer = queries.deliverer_of(session, vault, shown.dispatch)
        actors = {
            shown.dispatch.recorded_by, shown.dispatch.arrived_by, shown.dispatch.received_by,
            shown.dispatch.delivered_by, *(one.holder for one in packages),
            *(one.discrepancy.recorded_by for one in differs),
            *(one.discrepancy.decided_by for one in differs),
            *(one.discrepancy.witness for one in differs),
            *(seal.seal.broken_by for one in packages for seal in one.seals),
            *(seal.seal.witness for one in packages for seal in one.seals),
        }  # fmt: skip
        who = initials_of(session, {one for one in actors if one})
    focus = next((one for one in packages if one.package.ref == package), None)
    return page(
        "cases/dispatch.html", 200 if refused is None else refused.status, dispatch=shown,
        packages=packages, items=items, discrepancies=differs, deliverer=deliverer, who_is=who,
        focus=focus, said=said, refused=refused, read=read,
        seal_differs=isinstance(refused, SealDiffers), not_on_list=isinstance(refused, NotOnList),
        further=(
            url_for("cases.dispatch", ref=ref, after=items[-1].item.number)
            if len(items) == queries.ITEMS_PAGE
            else ""
        ),
        first=url_for("cases.dispatch", ref=ref) if after else "",
        looks=DISPATCH_LOOKS, package_looks=PACKAGE_LOOKS, item_looks=ITEM_LOOKS,
        lines=LINE_WORDS, kind_words=DISCREPANCY_WORDS,
        item_kinds=[
            (kind.value, translate(text))
            for kind, text in DISCREPANCY_WORDS.items()
            if kind not in OF_PACKAGES and kind is not DiscrepancyKind.MASS
        ],
        package_kinds=[
            (kind.value, translate(text))
            for kind, text in DISCREPANCY_WORDS.items()
            if kind in OF_PACKAGES
        ],
        decisions=[(one.value, translate(text)) for one, text in DECISION_WORDS.items()],
        decision_words=DECISION_WORDS, today=local(now(), settings().time_zone).date(),
        element_words=words()["element_words"], side_words=words()["side_words"],
        material_words=words()["material_words"],
    )  # fmt: skip


def _at_package(package: str, act: Callable[[Session], None]) -> Answer:
    def do(session: Session) -> dict[str, object]:
        act(session)
        row = found(session, Package, package)
        return {"to": url_for("cases.dispatch", ref=row.dispatch_ref, package=package)}

    return done(write(do))
