"""Text in the colors of assets/css/tokens.css is readable in light and dark mode with every brand hue."""

import math
import re
from pathlib import Path
from unittest import TestCase

TOKENS = Path(__file__).resolve().parents[2] / "web" / "assets" / "css" / "tokens.css"
TEXT, GRAPHIC = 4.5, 3.0
GROUNDS = ("paper", "surface", "sunken", "band", "accent-wash", "good-wash", "warn-wash", "bad-wash")
PAIRS = [
    *((ink, ground, TEXT) for ink in ("ink", "ink-soft") for ground in GROUNDS),
    *((ink, ground, TEXT) for ink in ("accent", "accent-strong") for ground in ("paper", "surface", "sunken", "band")),
    ("accent", "accent-wash", TEXT),
    ("accent-strong", "accent-wash", TEXT),
    ("on-accent", "accent", TEXT),
    ("on-accent", "accent-strong", TEXT),
    ("on-bad", "bad", TEXT),
    *((tone, ground, TEXT) for tone in ("good", "warn", "bad") for ground in ("paper", "surface", f"{tone}-wash")),
    *(("line-strong", ground, GRAPHIC) for ground in ("paper", "surface")),
    *(("draw-1", ground, GRAPHIC) for ground in ("paper", "surface")),
]


class TokensTest(TestCase):
    def test_contrast_is_sufficient_in_light_and_dark_mode_with_every_hue(self) -> None:
        declared = dict(re.findall(r"--([\w-]+): light-dark\((.*)\);", TOKENS.read_text()))
        for hue in range(0, 360, 5):
            for scheme in (0, 1):
                for ink, ground, minimum in PAIRS:
                    ratio = contrast(*(linear_rgb_of(declared[name], scheme, hue) for name in (ink, ground)))
                    with self.subTest(f"--{ink} on --{ground}", hue=hue, dark=bool(scheme)):
                        self.assertGreaterEqual(ratio, minimum)


def linear_rgb_of(declared: str, scheme: int, hue: int) -> tuple[float, float, float]:
    lightness, chroma, angle = re.findall(
        r"oklch\(([\d.]+) ([\d.]+) ((?:calc\([^)]*\)[^)]*\)|var\([^)]*\)|[\d.]+))", declared
    )[scheme]
    return srgb(float(lightness), float(chroma), hue_angle(angle, hue))


def hue_angle(angle: str, hue: int) -> float:
    """The angle is a number, var(--paper-hue), var(--brand-hue) or calc(var(--brand-hue) + 38)."""
    if "brand-hue" in angle:
        return hue + float((re.findall(r"\+ (\d+)", angle) or [0])[0])
    return 75 if "paper-hue" in angle else float(angle)


def srgb(lightness: float, chroma: float, angle: float) -> tuple[float, float, float]:
    """Linear red, green and blue. Values outside the gamut of a screen are clipped."""
    a, b = chroma * math.cos(math.radians(angle)), chroma * math.sin(math.radians(angle))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    red = 4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short
    green = -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short
    blue = -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short
    return tuple(min(1.0, max(0.0, value)) for value in (red, green, blue))  # type: ignore[return-value]


def contrast(first: tuple[float, float, float], second: tuple[float, float, float]) -> float:
    """The contrast ratio as the Web Content Accessibility Guidelines define it."""
    dark, light = sorted(0.2126 * red + 0.7152 * green + 0.0722 * blue for red, green, blue in (first, second))
    return (light + 0.05) / (dark + 0.05)
