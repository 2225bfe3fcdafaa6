# SPDX-License-Identifier: Apache-2.0
"""`lims`: the commands of the server side."""

import click

from lims import __version__
from lims.cli.later import LateGroup, Later

# What each says stands here too, so that `lims --help` loads none of them; a test compares.
COMMANDS = {
    "init": Later(
        "lims.cli.laboratory",
        "init",
        "Make a new laboratory's folder: settings, database, ledger, keys, certificates.",
    ),
    "serve": Later(
        "lims.cli.serving",
        "serve",
        "Serve the laboratory's pages.",
    ),
    "worker": Later(
        "lims.cli.serving",
        "worker",
        "Sign checkpoints and tidy keys by the clock; one worker a laboratory.",
    ),
    "upgrade": Later(
        "lims.cli.laboratory",
        "upgrade",
        "Bring the database to the schema of this program; SQLite is copied first.",
    ),
    "doctor": Later(
        "lims.cli.laboratory",
        "doctor",
        "Look at the installation and the laboratory; exit 1 when something needs mending.",
    ),
    "user": Later(
        "lims.cli.accounts",
        "user",
        "Accounts.",
    ),
    "inspect": Later(
        "lims.cli.runs",
        "inspect",
        "Show what analyzer files say; exit 1 if any cannot be read.",
    ),
    "import-run": Later(
        "lims.cli.runs",
        "import_run",
        "Import the files of an analyzer run, all or nothing; the same files again change nothing.",
    ),
    "import-rack": Later(
        "lims.cli.racks",
        "import_rack",
        "Record the tubes of a box where a whole-rack scanner read them: all of them, or none.",
    ),
    "import-dispatch": Later(
        "lims.cli.dispatches",
        "import_dispatch",
        "Take a dispatch list (CSV, XLSX) as a whole, or nothing; exit 1 if it is refused.",
    ),
    "import-quantification": Later(
        "lims.cli.quantities",
        "import_quantification",
        "Take in the results of a quantification plate: all of them, or nothing.",
    ),
    "worklist": Later(
        "lims.cli.work",
        "worklist",
        "List what waits for a stage: the urgent first, then the oldest.",
    ),
    "batch": Later(
        "lims.cli.work",
        "batch",
        "Batches and plates.",
    ),
    "lineage": Later(
        "lims.cli.work",
        "lineage",
        "Show where a thing came from and what became of it: wells, lots, instruments, people.",
    ),
    "recall": Later(
        "lims.cli.work",
        "recall",
        "List all that a lot or an instrument touched: batches, samples, wells, runs, profiles.",
    ),
    "stock": Later(
        "lims.cli.stock",
        "stock",
        "List lots of reagents, what must be used first at the top.",
    ),
    "instruments": Later(
        "lims.cli.stock",
        "list_instruments",
        "List instruments with what is due, and what runs out on analyzers.",
    ),
    "call": Later(
        "lims.cli.calling",
        "call",
        "Call the ladders, controls and samples of a folder from their raw signal.",
    ),
    "history": Later(
        "lims.cli.ledger",
        "history",
        "Show every event of a coded thing and of all that it came from.",
    ),
    "where": Later(
        "lims.cli.storage",
        "where",
        "Say in which place a thing is, since when, and who put it there; or who holds it.",
    ),
    "custody": Later(
        "lims.cli.custody",
        "custody",
        "Say who held a thing at an instant, where, and its events up to it.",
    ),
    "gaps": Later(
        "lims.cli.gaps",
        "gaps",
        "List the gaps in the custody of a thing and all it came from, or of the whole laboratory.",
    ),
    "package": Later(
        "lims.cli.proof",
        "package",
        "Write one zip about a thing for a court: timeline as PDF, proof, key, verifier, "
        "instructions.",
    ),
    "ledger": Later(
        "lims.cli.ledger",
        "ledger",
        "The ledger: everything that was ever done, in a form that anybody can verify.",
    ),
    "erasures": Later(
        "lims.cli.erasures",
        "erasures",
        "The list of persons' keys that were destroyed.",
    ),
    "demo": Later(
        "lims.demo.command",
        "demo",
        "Show a fictional laboratory at work, with virtual scanners and label printers.",
    ),
}


@click.group(cls=LateGroup, later=COMMANDS)
@click.version_option(__version__, package_name="osteon-lims")
def main() -> None:
    """Osteon: the laboratory information management system of a missing-persons DNA laboratory."""
