# SPDX-License-Identifier: Apache-2.0
"""What each station's printer needs, its test prints, and what its faults mean."""
