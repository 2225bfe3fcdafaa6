# SPDX-License-Identifier: Apache-2.0
"""What every feature stands on: database doors, codes, clock, words, settings, stored files."""
