# SPDX-License-Identifier: Apache-2.0
"""Worksheets on paper and files for a pipetting robot: what a batch or plate takes to the bench."""
