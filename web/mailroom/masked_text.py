"""Masking of secrets in mails that are shown to people other than the recipient."""

import re

HIDDEN = "•••••"
URL = re.compile(r"(https?://[^\s\"'<>()/?#]+)([^\s\"'<>()]*)")
LONG_PIECE = re.compile(r"[^/?&=#;]{16,}")
MASKED_LINK = re.compile(rf'<a href="[^"]*{HIDDEN}[^"]*"')
PLAIN_WORD = re.compile(r"[a-z_-]+(\.[a-z]+)?\Z")


def without_secrets(text: str) -> str:
    """Mask the parts of URLs that may be keys, because they are long and not plain words, and disable those links."""
    masked = URL.sub(lambda match: match[1] + LONG_PIECE.sub(_mask_piece, match[2]), text)
    return MASKED_LINK.sub("<a", masked)


def _mask_piece(piece: "re.Match[str]") -> str:
    return piece[0] if PLAIN_WORD.match(piece[0]) else HIDDEN
