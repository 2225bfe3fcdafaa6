# SPDX-License-Identifier: Apache-2.0
"""Amplification: plates with a kit, its controls and the blanks; injection plates after them."""
