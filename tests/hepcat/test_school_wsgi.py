"""The WSGI file printed in the school's README, on a host where the site is in ~/hepcat."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from django.test import SimpleTestCase, tag

TOP = Path(__file__).resolve().parents[2]
# As printed, except for the name of the user.
PRINTED = """
# +++++++++++ DJANGO +++++++++++
# To use your own Django app use code like this:
import os
import sys
from django.core.wsgi import get_wsgi_application
from dotenv import load_dotenv

project_folder = os.path.expanduser('~/hepcat')  # adjust as appropriate
load_dotenv(os.path.join(project_folder, '.env'))

# add your project directory to the sys.path
project_home = '/home/SeattleChris/hepcat/web'
if project_home not in sys.path:
    sys.path.insert(0, project_home)

# set environment variable to tell django where your settings.py is
os.environ['DJANGO_SETTINGS_MODULE'] = 'hepcat.settings'

# serve django via WSGI
application = get_wsgi_application()
"""
PRINT_SETTINGS = """
from django.conf import settings
from django.test import RequestFactory
print(settings.BUSINESS_NAME, callable(application))
"""


@tag("once", "processes")
class SchoolWsgiTest(SimpleTestCase):
    def test_printed_wsgi_file_serves_the_site_with_the_settings_of_its_env_file(self) -> None:
        with tempfile.TemporaryDirectory() as home:
            folder = Path(home) / "hepcat"
            folder.mkdir()
            (folder / "web").symlink_to(TOP / "web")
            text = (TOP / ".env_template").read_text().replace("SECRET_KEY=\n", "SECRET_KEY='a key of 50 letters'\n")
            text = text.replace('BUSINESS_NAME="School Site"', 'BUSINESS_NAME="Ada\'s Swing"')
            (folder / ".env").write_text(f"{text}ENV_FILE={os.devnull}\n")
            code = PRINTED.replace("/home/SeattleChris", home) + PRINT_SETTINGS
            env = {"HOME": home, "PATH": os.environ["PATH"]}
            result = subprocess.run([sys.executable, "-c", code], cwd=home, env=env, capture_output=True, text=True)
        self.assertEqual((result.returncode, result.stdout), (0, "Ada's Swing True\n"), result.stderr)
