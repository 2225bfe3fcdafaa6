# SPDX-License-Identifier: Apache-2.0
"""The pages of benches, and what is posted to a station."""

from lims.bench.views.agents import agents
from lims.bench.views.fittings import alarms
from lims.bench.views.pages import blueprint
from lims.bench.views.posts import post_scan
from lims.bench.views.screens import load_who

__all__ = ["agents", "alarms", "blueprint", "load_who", "post_scan"]
