"""Programs that some tests need. With BYHAND_TOOLS=required, as in CI, nothing is skipped for want of one: the test fails."""

import os
import shutil

REQUIRED = os.environ.get("BYHAND_TOOLS") == "required"


def absent(program):
    """Whether a test may be skipped since this program is not on the machine."""
    return shutil.which(program) is None and not REQUIRED
