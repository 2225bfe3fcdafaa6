# SPDX-License-Identifier: Apache-2.0
"""The sealed side of persons: missing persons, donors, relations, consent, and their coding."""
