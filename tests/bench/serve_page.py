"""Serves one script by the same server as Nines: `python -m tests.bench.serve_page SCRIPT`."""

import sys
from pathlib import Path

from app.server import serve
from app.settings import load

serve(load(port=0), script=Path(sys.argv[1]))
