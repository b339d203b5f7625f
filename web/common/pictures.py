"""Uploaded pictures are decoded within limits, turned upright, reduced in size and saved again as JPEG.

Saving them again removes what the camera added (place, time, device). A file that only claims to be a picture is
refused.
"""

import io
import secrets
import warnings
from typing import IO

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile, File
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageOps, UnidentifiedImageError

LARGEST_FILE = 5 * 1024 * 1024
LARGEST_PICTURE = 40_000_000  # This is in pixels, and it is checked before any of them is decoded.
LARGEST_DECODED = 64 * 1024 * 1024  # This many bytes of memory may be used for one picture.
FORMATS = ("JPEG", "PNG", "WEBP")

TOO_LARGE = ValidationError(_("This file is larger than 5 MB. Please choose a smaller one."), code="too_large")
TOO_MANY_PIXELS = ValidationError(_("This picture has too many pixels. Please choose a smaller one."), code="too_large")
NO_PICTURE = ValidationError(
    _("We cannot read this as a picture. Please choose a JPEG, PNG or WebP file."), code="invalid"
)


def clean_picture(upload: "UploadedFile[bytes]", longest_side: int = 1200) -> "ContentFile[bytes]":
    if (upload.size or 0) > LARGEST_FILE:
        raise TOO_LARGE
    return rewrite_picture(upload, longest_side)


def rewrite_picture(file: "File[bytes] | IO[bytes]", longest_side: int) -> "ContentFile[bytes]":
    """The caller must have checked the size of the file."""
    try:
        return _decode_and_shrink(file, longest_side)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        raise NO_PICTURE from None


def _decode_and_shrink(file: "File[bytes] | IO[bytes]", longest_side: int) -> "ContentFile[bytes]":
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # Our own limit is lower.
        with Image.open(file, formats=FORMATS) as picture:
            if picture.width * picture.height > LARGEST_PICTURE:
                raise TOO_MANY_PIXELS
            picture.draft(picture.mode, (longest_side, longest_side))  # A JPEG is decoded at a reduced size.
            if decoded_size(picture) > LARGEST_DECODED:
                raise TOO_MANY_PIXELS
            picture.thumbnail((longest_side, longest_side))
            return _encode_as_jpeg(ImageOps.exif_transpose(picture))


def decoded_size(picture: Image.Image) -> int:
    """The memory in bytes that decoding will take. Pillow uses four bytes for a color, and twice that for 16 bits."""
    is_deep = any("16" in str(tile[3]) for tile in getattr(picture, "tile", []))
    per_pixel = 1 if picture.mode in ("1", "L", "P") else 4
    return picture.width * picture.height * per_pixel * (2 if is_deep else 1)


def _encode_as_jpeg(picture: Image.Image) -> "ContentFile[bytes]":
    # Transparent parts become white.
    with_alpha = picture.convert("RGBA")
    flat = Image.new("RGB", picture.size, "white")
    flat.paste(with_alpha, mask=with_alpha.getchannel("A"))
    buffer = io.BytesIO()
    flat.save(buffer, "JPEG", quality=85, optimize=True)
    return ContentFile(buffer.getvalue(), name=f"{secrets.token_hex(8)}.jpg")
