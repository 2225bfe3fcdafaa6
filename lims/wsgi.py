# SPDX-License-Identifier: Apache-2.0
"""The application for a WSGI server; the folder is named by LIMS_FOLDER."""

import os
from pathlib import Path

from lims.app import create_app
from lims.core.settings import read_settings

application = create_app(read_settings(Path(os.environ["LIMS_FOLDER"])))
