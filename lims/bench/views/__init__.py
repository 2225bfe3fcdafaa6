# SPDX-License-Identifier: Apache-2.0
"""The pages of benches, and what is posted to a station."""

from lims.bench.views.agents import agents
from lims.bench.views.pages import blueprint
from lims.bench.views.posts import post_scan

__all__ = ["agents", "blueprint", "post_scan"]
