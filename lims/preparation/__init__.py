# SPDX-License-Identifier: Apache-2.0
"""Preparation: sets of samples, cleaning, tools, masses, photographs of the laboratory."""
