# SPDX-License-Identifier: Apache-2.0
"""Stations: what is scanned, what it led to, and what to do next."""
