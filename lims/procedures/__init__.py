# SPDX-License-Identifier: Apache-2.0
"""Standard operating procedures as versioned documents: written, approved by another, in force."""
