"""python -m scaler: what the command `shardex-scaler` is."""

import sys

from scaler.cli import main

sys.exit(main())
