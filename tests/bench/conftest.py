"""The bench measures by /proc and eventfd, which only Linux has."""

import sys

collect_ignore_glob = [] if sys.platform == "linux" else ["test_*.py"]
