# SPDX-License-Identifier: Apache-2.0
"""The append-only, verifiable ledger: what, who, when, where, why."""
