"""`python -m byhand` is the command: torchrun starts it like this."""

import sys

from byhand.command import main

if __name__ == "__main__":
    sys.exit(main())
