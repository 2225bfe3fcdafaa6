# SPDX-License-Identifier: Apache-2.0
"""The application for a WSGI server; the folder is named by LIMS_FOLDER."""

import os
from pathlib import Path

from lims.app import create_app
from lims.core.actors import Actor
from lims.core.clock import now
from lims.core.settings import read_settings
from lims.founding.erasures import apply_erasures

settings = read_settings(Path(os.environ["LIMS_FOLDER"]))
# What was erased stays erased, whatever copy of the database lies there.
apply_erasures(settings, by=Actor("console:wsgi"), at=now())
application = create_app(settings)
