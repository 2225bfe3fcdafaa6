# SPDX-License-Identifier: Apache-2.0
"""The package of a thing with what the sealed side knows: the coordinator alone makes it."""

from flask.typing import ResponseReturnValue

from lims.cases.operations.package import remains_section, seals_section
from lims.cases.rules import check_reason
from lims.cases.views.blueprint import look
from lims.identities.operations.package import donor_section
from lims.identities.schemas import ResolveSchema
from lims.identities.views.shared import blueprint
from lims.quality.views import hand_out
from lims.web.guard import needs
from lims.web.pages import code_in_path, form, laboratory
from lims.web.rights import Right


@blueprint.post("/intake/packages")
@needs(Right.CODE_SAMPLES)
def post_sealed_package() -> ResponseReturnValue:
    """Hand out the package of a thing with place of recovery, people and photographs.

    The reading is recorded first, under a name of its own: nothing in the ledger links what is
    sealed with the code.
    """
    sent = form(ResolveSchema())
    code = code_in_path(sent["code"])
    check_reason(sent["reason"])
    vault = look("package", f"{code}: {sent['reason']}")
    lab = laboratory()
    return hand_out(
        code,
        (
            remains_section(vault, lab.files),
            seals_section(vault),
            donor_section(vault),
            *lab.package_sections,
        ),
        sealed=True,
    )
