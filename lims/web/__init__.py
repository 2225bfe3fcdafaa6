# SPDX-License-Identifier: Apache-2.0
"""The only shared Flask code: pages, errors, the guard of rights, locale."""
