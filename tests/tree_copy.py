"""A copy of the tree with nothing to install and a site that only sleeps."""

import shutil
import tempfile
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
SLEEPING_SITE = """
import os, pathlib, subprocess, sys, time
if sys.argv[1] == "check" and pathlib.Path("check-fails").exists():
    sys.exit("the check found something")
if sys.argv[1] in ("runserver", "worker"):
    child = subprocess.Popen(["sleep", "60"])
    pathlib.Path(sys.argv[1] + ".given").write_text(os.environ.get("STRIPE_URL", "") + os.environ.get("PAYPAL_URL", ""))
    pathlib.Path(sys.argv[1] + ".pids").write_text(f"{os.getpid()} {child.pid}")
    time.sleep(60)
"""
IMITATION = """
import os, pathlib, time
name = pathlib.Path(__file__).stem.partition("_")[0]
pathlib.Path(name + ".pids").write_text(str(os.getpid()))
print(f"{name.upper()}_URL=<{name}=one>", end="\\n\\n", flush=True)
time.sleep(60)
"""


def copy_of_the_tree() -> Path:
    folder = Path(tempfile.mkdtemp())
    shutil.copy(TOP / "run", folder)
    shutil.copytree(TOP / "bin", folder / "bin")
    shutil.copy(TOP / ".env_template", folder)
    for name in ("requirements.txt", "requirements-dev.txt", "requirements-scale.txt"):
        (folder / name).write_text("")
    (folder / "web").mkdir()
    (folder / "web" / "manage.py").write_text(SLEEPING_SITE)
    (folder / "tests" / "fakes").mkdir(parents=True)
    for name in ("stripe_server.py", "paypal_server.py"):
        (folder / "tests" / "fakes" / name).write_text(IMITATION)
    return folder
