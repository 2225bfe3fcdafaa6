# SPDX-License-Identifier: Apache-2.0
"""Osteon: the laboratory information management system of a missing-persons DNA laboratory."""

__version__ = "0.1.0"
