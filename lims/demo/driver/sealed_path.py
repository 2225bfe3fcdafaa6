# SPDX-License-Identifier: Apache-2.0
"""Steps of the run-through on the sealed side: remains, a family, coding, labels scanned back."""

import re
from datetime import UTC, datetime

from lims.demo.driver.pages import Browser, Page, StepFailed
from lims.demo.driver.play import Play
from lims.demo.sealed import BONES, DONORS, FAMILY, MISSING, SITE, SITE_CODE, Bone, draw_bone
from lims.samples.rules import Side

_REF = re.compile(r"/[0-9a-f]{32}$")

NEW_BONE = Bone(1, "fibula", Side.RIGHT, 1500)
NEW_ITEM, NEW_DONOR, NEW_MISSING = "EX-91", "D-091", "M-091"
NEW_NAMES = {"given": "مسودة", "family": FAMILY, "latin": "Musawwada of the Example"}

SECRETS = (
    SITE, f"{SITE_CODE}-001", FAMILY, "of the Example", NEW_ITEM, NEW_DONOR, NEW_MISSING,
    *(latin for _, latin, _ in MISSING), *(donor.latin for donor in DONORS),
)  # fmt: skip
"""Words of the sealed side: none of them may be seen beyond it, nor stand in the ledger."""


def record_remains(play: Play) -> None:
    """Let reception record a bone with its photograph in a case."""
    reception = play.person("reception")
    page = reception.open("/cases")
    found = reception.send(page.form("/cases/search"), {"search": f"{SITE_CODE}-001"})
    case = _first(found, "/cases/")
    page = reception.open(case)
    page = reception.send(
        page.form(f"{case}/items"),
        {"field_number": NEW_ITEM, "element": NEW_BONE.element, "side": NEW_BONE.side.value},
    )
    item = _path(page.url)
    form = [one for one in page.forms if one.action.endswith("/samplings")][-1]
    sent = {"mass": str(NEW_BONE.mass_mg), "seal_number": "S-0091", "taken_on": _today()}
    no_picture = [("photograph", ("EX-91.jpg", b"not a picture", "image/jpeg"))]
    play.must_refuse(reception.try_send(form, sent, files=no_picture), "picture")
    page = reception.open(item)
    form = [one for one in page.forms if one.action.endswith("/samplings")][-1]
    photograph = draw_bone(NEW_BONE, NEW_ITEM)
    reception.send(form, sent, files=[("photograph", ("EX-91.jpg", photograph, "image/jpeg"))])
    play.must_refuse(reception.look("/intake"), "right")


def record_family(play: Play) -> None:
    """Let the coordinator record a missing person, a donor, relation, consent and sample."""
    coordinator = play.person("coordinator")
    page = coordinator.open("/intake/persons")
    coordinator.send(page.form("/intake/missing"), NEW_NAMES | {"number": NEW_MISSING})
    page = coordinator.open("/intake/persons")
    page = coordinator.send(
        page.form("/intake/donors"), NEW_NAMES | {"number": NEW_DONOR, "sex": "M"}
    )
    donor = page.url.split("?")[0].rsplit("/", 1)[-1]
    page = coordinator.send(
        page.form(f"{donor}/relations"), {"kind": "son", "missing": NEW_MISSING}
    )
    page = coordinator.open(f"/intake/donors/{donor}")
    page = coordinator.send(
        page.form(f"{donor}/consents"),
        {
            "version": "2", "language": "ar", "given_on": _today(), "witness": "Invented Witness",
            "scopes": ["DNA testing", "storage of the sample"],
        },
    )  # fmt: skip
    page = coordinator.open(f"/intake/donors/{donor}")
    coordinator.send(
        page.form(f"{donor}/references"),
        {"material": "buccal swab", "taken_on": _today(), "seal_number": "R-0091"},
    )


def code(play: Play) -> None:
    """Code remains and references in lists; one alone, or one without consent, is refused."""
    bench = play.bench("intake", "coordinator")
    coordinator = bench.person
    before = bench.odometer()
    for kind, many in (("remains", ready_bones()), ("references", ready_references())):
        page = coordinator.open("/intake")
        form = page.form(f"/intake/code-{kind}")
        offered = form.values["samplings"]
        if len(offered) != many:
            raise StepFailed(f"{len(offered)} of the {kind} are ready, {many} were expected")
        alone = coordinator.try_send(form, {"samplings": offered[:1]})
        play.must_refuse(alone, "list", "few", "at least")
        page = coordinator.open("/intake")
        page = coordinator.send(page.form(f"/intake/code-{kind}"), {"station": bench.station})
        play.lists.append(page.url.split("?")[0])
    wanted = ready_bones() + ready_references()
    payloads = bench.fresh_labels(wanted, after=before)
    for payload in payloads:
        bench.scan(payload)
        coded = play.bones if payload[0] == "B" else play.references
        coded.append(payload[:9])
        play.payloads[payload[:9]] = payload
    for address in play.lists:
        if "Every label is scanned back" not in coordinator.open(_path(address)).words:
            raise StepFailed(f"{address} waits for labels that were all scanned back")
    play.must_refuse(play.person("technician").look("/intake"), "right")


def look_over_the_wall(play: Play) -> None:
    """Look through the laboratory's pages for anything of the sealed side."""
    for login, paths in (
        ("technician", ["/samples", "/worklist", "/bench", "/batches"]),
        ("manager", ["/", "/samples"]),
        ("quality", ["/ledger", "/holds"]),
    ):
        person = play.person(login)
        things = [f"/samples/{code}" for code in (*play.bones, *play.references)]
        for path in (*paths, *(things if login == "technician" else [])):
            check_silent(person.open(path).text, path)
    for login in ("technician", "manager", "quality", "administrator", "auditor", "partner"):
        for path in ("/cases", "/intake", "/intake/persons"):
            if play.person(login).look(path).status != 403:
                raise StepFailed(f"{login} may open {path}")
            play.refused += 1


def check_silent(text: str, where: str) -> None:
    """Raise StepFailed where a text holds a word of the sealed side, in any spelling of JSON."""
    for word in SECRETS:
        escaped = word.encode("ascii", "backslashreplace").decode()
        if word in text or escaped in text:
            raise StepFailed(f"{where} shows “{word}”, which belongs to the sealed side")


def ready_bones() -> int:
    """Return how many samplings of remains can be coded: with what was recorded and received."""
    return sum(1 for bone in BONES if bone.photographed) + 2


def ready_references() -> int:
    """Return how many reference samplings can be coded in a fresh demonstration."""
    return sum(1 for donor in DONORS if donor.consents) + 1


def expected_sex(person: Browser, code: str) -> str:
    """Return the sex that the laboratory was told of a sample: female, male or unknown."""
    found = re.search(r"Expected sex (female|male|unknown)", person.open(f"/samples/{code}").words)
    if found is None:
        raise StepFailed(f"the page of {code} does not say which sex is expected")
    return found[1]


def _first(page: Page, start: str) -> str:
    for link in page.links:
        if link.startswith(start) and _REF.search(link):
            return link
    raise StepFailed(f"{page.url} leads to nothing below {start}: {page.said()}")


def _path(address: str) -> str:
    return "/" + address.split("://", 1)[-1].split("/", 1)[-1]


def _today() -> str:
    return datetime.now(UTC).date().isoformat()
