"""What the harness wants of a test, for what all tests of a class share."""

import os
import shutil
import tempfile
from pathlib import Path


class Here:
    """A private directory and clean-up at the end of the class. @param test_class  a unittest.TestCase"""

    def __init__(self, test_class):
        self.directory = Path(tempfile.mkdtemp(prefix="cdviz-", dir="/tmp"))
        os.chmod(self.directory, 0o711)  # PostgreSQL is another user
        self.logs = []
        self.addCleanup = test_class.addClassCleanup
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)
