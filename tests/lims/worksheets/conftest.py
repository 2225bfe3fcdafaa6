# SPDX-License-Identifier: Apache-2.0
"""What stands on amplification plates, for the tests of this feature."""

from tests.lims.amplification.conftest import an_empty_plate, quantified, with_lots

__all__ = ["an_empty_plate", "quantified", "with_lots"]
