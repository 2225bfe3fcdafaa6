# SPDX-License-Identifier: Apache-2.0
"""Hand-overs: things pass from a giver to a receiver, and both act, each with an own secret."""
