# SPDX-License-Identifier: Apache-2.0
"""What agents ask of the printing queue, the reprint, the print ledger, what is unexplained."""

from lims.printing.views import agents, ledger, sheets
from lims.printing.views.blueprint import blueprint

__all__ = ["agents", "blueprint", "ledger", "sheets"]
