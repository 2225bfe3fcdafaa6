# SPDX-License-Identifier: Apache-2.0
"""Batches, plates, wells and procedures: what the four stages share."""
