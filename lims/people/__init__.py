# SPDX-License-Identifier: Apache-2.0
"""Staff: accounts, sessions, badges, authorisations; stations and the keys of their agents."""
