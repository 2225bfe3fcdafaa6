# SPDX-License-Identifier: Apache-2.0
"""The table of layouts that a laboratory has changed: a row a version, none ever changed."""

from datetime import datetime

from sqlalchemy import CheckConstraint, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from lims.core.db import Base


class LayoutVersion(Base):
    """A layout as it was saved; the highest number of a name is in use."""

    __tablename__ = "layout_version"
    __table_args__ = (CheckConstraint("number >= 1", name="ck_layout_version_number"),)

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    # The TOML file to the letter, and the SHA-256 of its UTF-8.
    text: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(String(200))
    saved_at: Mapped[datetime]
    saved_by: Mapped[str] = mapped_column(String(80))
