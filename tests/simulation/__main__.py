"""`python -m tests.simulation SEED [MUTANT]`: live one seed and print its timeline, one line an event."""

from __future__ import annotations

import sys

from tests.simulation.hunt import live_with


def main(arguments: list[str]) -> int:
    """0 when every law held, 1 with the broken one in the last line."""
    lived = live_with(int(arguments[0]), " ".join(arguments[1:]))
    print("\n".join(lived.trace.lines()))
    print(lived.broken or "every law held", lived.trace.fingerprint())
    return 1 if lived.broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
