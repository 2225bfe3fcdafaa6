# SPDX-License-Identifier: Apache-2.0
"""Quantification: how much DNA an extract holds, and how broken it is."""
