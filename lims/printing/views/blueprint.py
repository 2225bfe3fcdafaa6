# SPDX-License-Identifier: Apache-2.0
"""The one blueprint of printing; the modules beside it hang their routes on it."""

from flask import Blueprint

blueprint = Blueprint("printing", __name__)
