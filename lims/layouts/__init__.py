# SPDX-License-Identifier: Apache-2.0
"""The laboratory's own label layouts: every version ever saved, and which one is in use."""
