# SPDX-License-Identifier: Apache-2.0
"""What the quality officer reviews: the ledger, histories, holds."""
