"""What somebody else's mail looks like to who works here: the words are there, the keys are not."""

import re

HIDDEN = "•••••"
ADDRESS = re.compile(r"(https?://[^\s\"'<>()/?#]+)([^\s\"'<>()]*)")
PIECE = re.compile(r"[^/?&=#;]{16,}")
EMPTY_LINK = re.compile(rf'<a href="[^"]*{HIDDEN}[^"]*"')
UNSUSPICIOUS = re.compile(r"[a-z_-]+(\.[a-z]+)?\Z")


def without_secrets(text: str) -> str:
    """Long pieces of an address that are not plain words may be keys, whoever made them; such links lead nowhere."""
    blotted = ADDRESS.sub(lambda found: found[1] + PIECE.sub(_blot, found[2]), text)
    return EMPTY_LINK.sub("<a", blotted)


def _blot(piece: "re.Match[str]") -> str:
    return piece[0] if UNSUSPICIOUS.match(piece[0]) else HIDDEN
