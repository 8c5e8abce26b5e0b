#!/usr/bin/env python
"""The shop's command line: Django's, with the embedded PostgreSQL where no other is set."""

import sys

from omni.embedded.command_line import main

if __name__ == "__main__":
    main(sys.argv)
