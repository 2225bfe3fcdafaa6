# SPDX-License-Identifier: Apache-2.0
"""Label layouts and their rendering as ZPL, PDF and pictures."""
