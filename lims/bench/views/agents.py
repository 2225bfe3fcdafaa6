# SPDX-License-Identifier: Apache-2.0
"""The administrator's page of all bench agents: when heard, what waits, whose clock is off."""

from flask.typing import ResponseReturnValue

from lims.bench.queries import agents as all_agents
from lims.bench.views.pages import blueprint, device_words, printer_trouble
from lims.core.clock import now
from lims.web.guard import needs
from lims.web.locale import in_words
from lims.web.pages import page, reading
from lims.web.rights import Right


@blueprint.get("/bench-agents")
@needs(Right.KEEP_STATIONS)
def agents() -> ResponseReturnValue:
    """List the agent of every open station with its devices."""
    at = now()
    with reading() as session:
        return page(
            "bench/agents.html",
            rows=all_agents(session, at=at),
            device_words=lambda device: in_words(device_words(device)),
            trouble_of=printer_trouble,
        )
