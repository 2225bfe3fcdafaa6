# SPDX-License-Identifier: Apache-2.0
"""`python -m lims` is `lims`."""

from lims.cli import main

if __name__ == "__main__":
    main()
