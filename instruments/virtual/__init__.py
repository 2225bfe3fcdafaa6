# SPDX-License-Identifier: Apache-2.0
"""A virtual scanner and label printer on pseudo-terminals: demonstration, training, tests."""
