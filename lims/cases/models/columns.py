# SPDX-License-Identifier: Apache-2.0
"""Columns that every sealed table has."""

from sqlalchemy import LargeBinary, String

Ref = String(32)
"""The random name of a sealed row."""
Index = LargeBinary(8)
"""The blind index of a sealed field."""
