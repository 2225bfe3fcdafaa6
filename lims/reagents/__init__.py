# SPDX-License-Identifier: Apache-2.0
"""Kits and lots: expiry and release."""
