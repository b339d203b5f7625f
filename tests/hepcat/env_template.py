"""The settings that .env_template names."""

import re
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
TEMPLATE = TOP / ".env_template"


def template_names() -> list[str]:
    return re.findall(r"^([A-Z][A-Z0-9_]*)=", TEMPLATE.read_text(), re.MULTILINE)
