# SPDX-License-Identifier: Apache-2.0
"""Amplification kits as versioned documents: shipped, or the laboratory's own approved by two."""
