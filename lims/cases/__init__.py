# SPDX-License-Identifier: Apache-2.0
"""The sealed side of remains: recovery sites, cases, recovered items, and their coding."""
