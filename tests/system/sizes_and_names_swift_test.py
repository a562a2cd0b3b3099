#!/usr/bin/env python3
"""sizes_and_names_test.py with a bucket at OpenStack Swift."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import buckets  # noqa: E402

buckets.run_with_storage(__file__, "swift")
