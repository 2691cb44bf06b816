# SPDX-License-Identifier: BSD-2-Clause
"""slotd, ifdhandler, slotemu and slotctl under valgrind, as the demo uses them:
no error, and nothing lost."""
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

TOP = os.environ.get("top_srcdir", os.path.join(os.path.dirname(__file__),
                                                "..", ".."))
sys.path.insert(0, os.path.join(TOP, "tests", "daemon"))
from harness import BUILD, IFDHANDLER, Slotd, Tap  # noqa: E402
