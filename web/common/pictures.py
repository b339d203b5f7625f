"""Uploaded pictures: decoded within limits, turned upright, made smaller and written anew, so that nothing else stays.

What a camera adds (where, when, by which device) is left behind; a file that only calls itself a picture is refused.
"""

import io
import secrets
import warnings
from typing import IO

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile, File
from django.core.files.uploadedfile import UploadedFile
from PIL import Image, ImageOps, UnidentifiedImageError

LARGEST_FILE = 5 * 1024 * 1024
LARGEST_PICTURE = 40_000_000  # pixels, looked at before any of them is decoded
FORMATS = ("JPEG", "PNG", "WEBP")

TOO_LARGE = ValidationError("This file is larger than 5 MB. Please choose a smaller one.", code="too_large")
TOO_MANY_PIXELS = ValidationError("This picture has too many pixels. Please choose a smaller one.", code="too_large")
NO_PICTURE = ValidationError(
    "We cannot read this as a picture. Please choose a JPEG, PNG or WebP file.", code="invalid"
)


def clean(upload: "UploadedFile[bytes]", longest_side: int = 1200) -> "ContentFile[bytes]":
    if (upload.size or 0) > LARGEST_FILE:
        raise TOO_LARGE
    return rewritten(upload, longest_side)


def rewritten(file: "File[bytes] | IO[bytes]", longest_side: int) -> "ContentFile[bytes]":
    """For a file whose size has been looked at."""
    try:
        return _written_anew(file, longest_side)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        raise NO_PICTURE from None


def _written_anew(file: "File[bytes] | IO[bytes]", longest_side: int) -> "ContentFile[bytes]":
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our own limit is lower
        with Image.open(file, formats=FORMATS) as picture:
            if picture.width * picture.height > LARGEST_PICTURE:
                raise TOO_MANY_PIXELS
            upright = ImageOps.exif_transpose(picture)
            upright.thumbnail((longest_side, longest_side))
            return _as_jpeg(upright)


def _as_jpeg(picture: Image.Image) -> "ContentFile[bytes]":
    """On white where the picture was transparent."""
    with_alpha = picture.convert("RGBA")
    flat = Image.new("RGB", picture.size, "white")
    flat.paste(with_alpha, mask=with_alpha.getchannel("A"))
    buffer = io.BytesIO()
    flat.save(buffer, "JPEG", quality=85, optimize=True)
    return ContentFile(buffer.getvalue(), name=f"{secrets.token_hex(8)}.jpg")
