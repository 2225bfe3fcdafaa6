# SPDX-License-Identifier: Apache-2.0
"""Label instances and the queue of what is to be printed."""
