# SPDX-License-Identifier: Apache-2.0
"""The fictional laboratory that `lims demo` builds."""
