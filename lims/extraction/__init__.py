# SPDX-License-Identifier: Apache-2.0
"""Extraction: from powder or punch to extract, in batches with a reagent blank."""
