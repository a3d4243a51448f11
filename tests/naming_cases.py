"""All claims on names that need neither PyTorch nor pytest: run by test_naming.py, and as a program where there is only Python."""

import sys
import traceback

import naming_sources
import naming_variables
import naming_words

CASES = [
    thing for module in (naming_words, naming_sources, naming_variables) for name, thing in vars(module).items() if name.startswith("test_")
]


def run_all():
    """Run every case; the number of those that failed."""
    failed = 0
    for case in CASES:
        try:
            case()
        except Exception:
            failed += 1
            print(f"FAILED {case.__name__}", traceback.format_exc(), sep="\n")
    print(f"{failed} failed")
    return failed


if __name__ == "__main__":
    sys.exit(bool(run_all()))
