# SPDX-License-Identifier: Apache-2.0
"""What the laboratory manager watches: counts and ages by stage. Read-only."""
