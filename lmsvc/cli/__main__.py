"""``python -m lmsvc.cli``."""

import sys

from lmsvc.cli.main import main

sys.exit(main())
