"""The files under version control."""

import subprocess
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]


def tracked(*endings: str) -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=TOP, capture_output=True, text=True, check=True).stdout
    return [TOP / name for name in listed.split("\0") if name.endswith(endings or ("",)) and (TOP / name).is_file()]
