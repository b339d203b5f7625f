"""Masking of secrets in mails that are shown to people other than the recipient."""

import re

HIDDEN = "•••••"
ADDRESS = re.compile(r"(https?://[^\s\"'<>()/?#]+)([^\s\"'<>()]*)")
PIECE = re.compile(r"[^/?&=#;]{16,}")
EMPTY_LINK = re.compile(rf'<a href="[^"]*{HIDDEN}[^"]*"')
UNSUSPICIOUS = re.compile(r"[a-z_-]+(\.[a-z]+)?\Z")


def without_secrets(text: str) -> str:
    """Mask the parts of URLs that may be keys, because they are long and not plain words, and disable those links."""
    masked = ADDRESS.sub(lambda match: match[1] + PIECE.sub(_blot, match[2]), text)
    return EMPTY_LINK.sub("<a", masked)


def _blot(piece: "re.Match[str]") -> str:
    return piece[0] if UNSUSPICIOUS.match(piece[0]) else HIDDEN
