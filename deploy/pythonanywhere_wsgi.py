"""What the WSGI file of PythonAnywhere's Web tab holds; change the path if the repository is elsewhere."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path("~/hepcat/web").expanduser()))

from hepcat.wsgi import application  # noqa: F401
