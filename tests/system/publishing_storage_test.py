#!/usr/bin/env python3
"""publishing_test.py with a bucket at storage that speaks S3."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import buckets  # noqa: E402

buckets.run_with_storage(__file__)
