# SPDX-License-Identifier: Apache-2.0
"""The pages of benches, and what is posted to a station."""

from lims.bench.views.agents import agents
from lims.bench.views.alarms import alarms
from lims.bench.views.fittings import fittings
from lims.bench.views.jobs import jobs
from lims.bench.views.pages import blueprint
from lims.bench.views.posts import post_scan
from lims.bench.views.scanners import scanners
from lims.bench.views.screens import load_who

__all__ = ["agents", "alarms", "blueprint", "fittings", "jobs", "load_who", "post_scan", "scanners"]
