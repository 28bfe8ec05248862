"""python -m shardex"""

import sys

from shardex.cli import main

sys.exit(main())
