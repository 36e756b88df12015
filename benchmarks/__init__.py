"""What Signet costs to start, to run and to keep, measured against its budgets (design.md 6)."""

import sys
from pathlib import Path

# Rules of Signet's own are used on this side too: an answer is derived, an attack is replayed.
sys.path.append(str(Path(__file__).resolve().parent.parent / "layers" / "signet" / "python"))
