"""One decoder for every inspection image: whatever a camera wrote becomes uint8 [H, W, 3]."""

from __future__ import annotations

import struct
import warnings
import zlib
from datetime import datetime
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from registry.domain.errors import Invalid, NotFound, TooLarge

Pixels = npt.NDArray[np.uint8]

FORMATS = ("PNG", "JPEG", "BMP", "TIFF")
# A 120-megapixel line-scan strip is the largest frame we know of; 3 bytes a pixel make 360 MB.
MAX_PIXELS = 120_000_000
# Full scale of the depths cameras write into 16-bit files. Dividing a 12-bit frame by 257 would
# leave it black, so the smallest depth that holds the brightest pixel wins.
_FULL_SCALES = (255.0, 4095.0, 65535.0)
# Values without a known full scale (negative, float, 32 bit) are stretched between these
# percentiles, so that one hot pixel does not darken the part.
_ROBUST_PERCENTILES = (0.1, 99.9)
_DEEP_MODES = frozenset({"I", "F"})
_ALPHA_MODES = frozenset({"LA", "PA", "RGBA", "La", "RGBa"})
_PLAIN_MODES = frozenset({"1", "L", "P", "RGB", "RGBX", "CMYK", "YCbCr", "HSV"})
_EXIF_TIME = "%Y:%m:%d %H:%M:%S"
# What Pillow's decoders raise on damaged bytes, by format and version.
_DAMAGE = (
    OSError,
    SyntaxError,
    EOFError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    AttributeError,
    RuntimeError,
    MemoryError,
    struct.error,
    zlib.error,
)


class Decoded(NamedTuple):
    """An image as models see it, and what a person should know about how it got there."""

    pixels: Pixels
    notes: tuple[str, ...]
    file_type: str


def decode(path: Path) -> Decoded:
    """Read one PNG, JPEG, BMP or TIFF file, fully decoded, upright, RGB, 8 bit.

    Grey is replicated; transparent pixels are laid on black, because their hidden colour is
    whatever the tool left there; 16-bit files are scaled by the depth they use (8, 12 or 16 bit);
    the EXIF orientation is applied; a multi-frame file gives its first frame and a note.
    """
    try:
        with path.open("rb") as file:
            return _decode(file, path.name)
    except FileNotFoundError:
        raise NotFound(
            f"The image {path.name} does not exist: restore it or drop its row from the labels.",
            code="image-missing",
        ) from None
    except (PermissionError, IsADirectoryError):
        raise Invalid(
            f"The image {path.name} cannot be opened: make it a file that the worker may read.",
            code="image-unreadable",
        ) from None


def taken_at(path: Path) -> datetime | None:
    """When a camera says that it took an image, by its own clock; None where it says nothing."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(path, formats=FORMATS) as image:
                facts = image.getexif().get_ifd(ExifTags.IFD.Exif)
            stated = facts.get(ExifTags.Base.DateTimeOriginal) or facts.get(
                ExifTags.Base.DateTimeDigitized
            )
            return datetime.strptime(str(stated), _EXIF_TIME)  # noqa: DTZ007 - it names no zone
        except (*_DAMAGE, Image.DecompressionBombError):
            return None


def _decode(file: IO[bytes], name: str) -> Decoded:
    # Pillow warns about odd metadata; whether the pixels are sound is decided by decoding them.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        image = _open(file, name)
        notes, file_type = _notes(image, name), _file_type(image)
        try:
            image.load()
            pixels = _pixels(_upright(image), name)
        except _DAMAGE as error:
            raise _broken(name) from error
    return Decoded(pixels, notes, file_type)


def _open(file: IO[bytes], name: str) -> Image.Image:
    try:
        image = Image.open(file, formats=FORMATS)
    except UnidentifiedImageError:
        raise Invalid(
            f"The file {name} is broken or not one of PNG, JPEG, BMP and TIFF: export it again.",
            code="image-broken",
        ) from None
    except Image.DecompressionBombError:
        raise _too_large(name) from None
    except _DAMAGE as error:
        raise _broken(name) from error
    if image.width * image.height > MAX_PIXELS:
        raise _too_large(name)
    return image


def _file_type(image: Image.Image) -> str:
    # Pillow calls a JPEG that holds several pictures by another name.
    return image.format if image.format in FORMATS else "JPEG"


def _notes(image: Image.Image, name: str) -> tuple[str, ...]:
    try:
        frames = getattr(image, "n_frames", 1)
    except _DAMAGE as error:
        raise _broken(name) from error
    if image.format == "TIFF" and frames > 1:
        return (f"{name} holds {frames} frames and only the first is used.",)
    return ()


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except _DAMAGE:
        # Unreadable EXIF says nothing about the pixels: they are used as they lie.
        return image


def _pixels(image: Image.Image, name: str) -> Pixels:
    if image.mode in _DEEP_MODES or image.mode.startswith("I;16"):
        grey = _eight_bit(np.asarray(image))
        return np.repeat(grey[:, :, np.newaxis], 3, axis=2)
    if image.mode in _ALPHA_MODES or "transparency" in image.info:
        image = _on_black(image.convert("RGBA"))
    elif image.mode not in _PLAIN_MODES:
        raise Invalid(
            f"The image {name} uses the colour mode {image.mode}: export it as grey or RGB.",
            code="image-mode",
        )
    return np.array(image.convert("RGB"), dtype=np.uint8)


def _on_black(image: Image.Image) -> Image.Image:
    black = Image.new("RGBA", image.size, (0, 0, 0, 255))
    return Image.alpha_composite(black, image)


def _eight_bit(values: npt.NDArray[np.generic]) -> Pixels:
    """Scale a deep grey image to 8 bit by its depth, or robustly where no depth is known."""
    deep = values.astype(np.float64)
    finite = deep[np.isfinite(deep)]
    if finite.size == 0:
        return np.zeros(deep.shape, dtype=np.uint8)
    low, high = float(finite.min()), float(finite.max())
    is_unit = np.issubdtype(values.dtype, np.floating) and high <= 1.0
    scale = 1.0 if is_unit else next((full for full in _FULL_SCALES if high <= full), None)
    if low < 0 or scale is None:
        low, high = (float(edge) for edge in np.percentile(finite, _ROBUST_PERCENTILES))
        deep, scale = deep - low, max(high - low, np.finfo(np.float64).tiny)
    with np.errstate(over="ignore"):
        scaled = np.clip(np.nan_to_num(deep / scale, nan=0.0), 0.0, 1.0)
    return np.asarray(np.rint(scaled * 255.0), dtype=np.uint8)


def _broken(name: str) -> Invalid:
    return Invalid(
        f"The image {name} is broken or cut short: copy or export it again.", code="image-broken"
    )


def _too_large(name: str) -> TooLarge:
    return TooLarge(
        f"The image {name} has more than {MAX_PIXELS // 1_000_000} megapixels: crop or shrink it.",
        code="image-too-large",
    )
