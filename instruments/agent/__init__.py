# SPDX-License-Identifier: Apache-2.0
"""The bench agent: a process that owns the serial ports and speaks with the server."""
