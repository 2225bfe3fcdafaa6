# SPDX-License-Identifier: Apache-2.0
"""`python -m instruments.agent` does what `lims-bench` does."""

from instruments.agent.cli import main

main()
