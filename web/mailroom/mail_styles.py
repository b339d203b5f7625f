"""Inline styles for mail. Mail programs support neither our design tokens nor oklch colors."""

import math
from functools import cache

SANS = "-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,'Noto Sans',Helvetica,Arial,sans-serif"
SERIF = "'Iowan Old Style','Palatino Linotype',Palatino,Georgia,serif"
BODY_TEXT = f"font-family:{SANS};font-size:17px;line-height:1.6;overflow-wrap:anywhere"


def oklch_to_hex(lightness: float, chroma: float, hue: float) -> str:
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    long, medium, short = (
        (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3,
        (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3,
        (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3,
    )
    linear = (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.707614701 * short,
    )
    return "#" + "".join(f"{round(255 * _encode_gamma(min(max(part, 0.0), 1.0))):02x}" for part in linear)


def _encode_gamma(part: float) -> float:
    return 12.92 * part if part <= 0.0031308 else 1.055 * part ** (1 / 2.4) - 0.055


@cache
def color_palette(hue: int) -> dict[str, str]:
    # These are the colors of the site.
    return {
        "paper": oklch_to_hex(0.955, 0.011, 75),
        "surface": oklch_to_hex(0.998, 0.002, 75),
        "ink": oklch_to_hex(0.25, 0.016, 75),
        "soft": oklch_to_hex(0.45, 0.016, 75),
        "line": oklch_to_hex(0.89, 0.012, 75),
        "accent": oklch_to_hex(0.49, 0.14, hue),
        "on_accent": "#ffffff",
        "dark_paper": oklch_to_hex(0.155, 0.008, 75),
        "dark_surface": oklch_to_hex(0.232, 0.009, 75),
        "dark_ink": oklch_to_hex(0.94, 0.009, 75),
        "dark_soft": oklch_to_hex(0.77, 0.012, 75),
        "dark_line": oklch_to_hex(0.34, 0.011, 75),
        "dark_accent": oklch_to_hex(0.79, 0.1, hue),
        "dark_on_accent": oklch_to_hex(0.2, 0.03, hue),
    }


@cache
def tag_styles(hue: int) -> dict[str, str]:
    """Return the CSS of each tag. `button` is for a link that is alone in its paragraph."""
    colors = color_palette(hue)
    heading = f"margin:28px 0 8px;font-family:{SERIF};line-height:1.25;font-weight:600"
    cell = f"padding:8px 12px 8px 0;border-bottom:1px solid {colors['line']};text-align:left;vertical-align:top"
    return {
        "p": "margin:0 0 16px",
        "h2": f"{heading};font-size:22px",
        "h3": f"{heading};font-size:19px",
        "h4": f"{heading};font-size:17px",
        "ul": "margin:0 0 16px;padding-left:24px",
        "ol": "margin:0 0 16px;padding-left:24px",
        "li": "margin:0 0 6px",
        "a": f"color:{colors['accent']};text-decoration:underline",
        "button": (
            f"display:inline-block;padding:12px 22px;border-radius:12px;background:{colors['accent']};"
            f"color:{colors['on_accent']};font-weight:600;text-decoration:none"
        ),
        "blockquote": f"margin:0 0 16px;padding:0 0 0 16px;border-left:3px solid {colors['line']}",
        "hr": f"border:0;border-top:1px solid {colors['line']};margin:24px 0",
        "table": "border-collapse:collapse;width:100%;margin:0 0 16px;font-variant-numeric:tabular-nums",
        "th": f"{cell};font-weight:600",
        "td": cell,
        "img": "max-width:100%;height:auto;border:0",
        "code": "font-family:Menlo,Consolas,monospace",
    }
