"""The content of the WSGI file of PythonAnywhere's Web tab. Change the path if the repository is elsewhere."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path("~/hepcat/web").expanduser()))

from hepcat.wsgi import application  # noqa: F401
