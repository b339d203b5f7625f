"""What the demo school says about itself, in texts/*.md. The first line of each file is the title."""

from pathlib import Path

from pages.domain import texts
from pages.models import SiteContent


def load() -> None:
    for path in sorted((Path(__file__).parent / "texts").glob("*.md")):
        title, text = path.read_text("utf-8").removeprefix("# ").split("\n", 1)
        if not SiteContent.objects.filter(key=path.stem).exists():
            content = texts.save_draft(SiteContent(key=path.stem, title=title, draft=text.strip()), None)
            texts.publish_text(content, texts.draft_digest(content), None)
