# SPDX-License-Identifier: Apache-2.0
"""The sealed side of a test: keys, files, builders."""

from datetime import datetime

import pytest

from lims.core.files import FileStore
from lims.core.scans import StationKind
from lims.core.sealing import Vault, open_vault
from lims.core.settings import Settings
from tests.cast import Cast
from tests.sealed import Sealed


@pytest.fixture
def vault(settings: Settings) -> Vault:
    """The keys of the test's laboratory."""
    return open_vault(settings)


@pytest.fixture
def sealed(vault: Vault, settings: Settings, cast: Cast, at: datetime) -> Sealed:
    """Builders of sealed records."""
    return Sealed(vault, FileStore(settings.files), cast, at)


@pytest.fixture
def intake(cast: Cast) -> str:
    """The code of the intake station."""
    return cast.stations[StationKind.INTAKE]
