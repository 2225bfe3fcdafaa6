# SPDX-License-Identifier: Apache-2.0
"""Processes of the server side: the web server, children that end with their parent."""

from lims.processes.children import Children, watch_parent
from lims.processes.serving import DRAIN_SECONDS, LOCAL, only_one, run_server

__all__ = ["DRAIN_SECONDS", "LOCAL", "Children", "only_one", "run_server", "watch_parent"]
