# SPDX-License-Identifier: Apache-2.0
"""Files of genetic analyzers and real-time cyclers: bytes in, frozen values out."""
