# SPDX-License-Identifier: Apache-2.0
"""`lims`: the commands of the server side."""

import click

from lims import __version__
from lims.cli.accounts import user
from lims.cli.calling import call
from lims.cli.custody import custody
from lims.cli.dispatches import import_dispatch
from lims.cli.erasures import erasures
from lims.cli.gaps import gaps
from lims.cli.laboratory import doctor, init, upgrade
from lims.cli.ledger import history, ledger
from lims.cli.proof import package, prove
from lims.cli.quantities import import_quantification
from lims.cli.racks import import_rack
from lims.cli.runs import import_run, inspect
from lims.cli.serving import serve, worker
from lims.cli.sheet import anchor, sheet
from lims.cli.storage import where
from lims.cli.witness import witness
from lims.cli.work import batch, lineage, recall, worklist
from lims.demo.command import demo


@click.group()
@click.version_option(__version__, package_name="osteon-lims")
def main() -> None:
    """Osteon: the laboratory information management system of a missing-persons DNA laboratory."""


for command in (
    init, serve, worker, upgrade, doctor, user, inspect, import_run, import_rack, import_dispatch,
    import_quantification,
    worklist, batch, lineage, recall,
    call, history, where, custody, gaps, package, ledger, erasures, demo,
):  # fmt: skip
    main.add_command(command)
ledger.add_command(anchor)
ledger.add_command(prove)
ledger.add_command(sheet)
ledger.add_command(witness)
