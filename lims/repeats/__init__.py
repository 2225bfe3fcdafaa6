# SPDX-License-Identifier: Apache-2.0
"""Work that is done again, as objects of their own; and which samples cannot wait."""
