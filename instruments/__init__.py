# SPDX-License-Identifier: Apache-2.0
"""Serial devices, genetic-analyzer files and the bench agent."""
