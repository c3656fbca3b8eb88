from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from plants.agent import images
from registry.domain.errors import Invalid, NotFound, TooLarge


def _ramp(high: float, dtype: type) -> np.ndarray:
    return np.linspace(0, high, 64).reshape(8, 8).astype(dtype)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".bmp", ".tif"])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_every_format_becomes_rgb_of_eight_bit(tmp_path: Path, suffix: str, mode: str):
    path = tmp_path / f"a{suffix}"
    Image.new("RGB", (10, 6), (90, 90, 90)).convert(mode).save(path)
    decoded = images.decode(path)
    assert decoded.pixels.shape == (6, 10, 3)
    assert decoded.pixels.dtype == np.uint8
    assert np.all(np.abs(decoded.pixels.astype(int) - 90) <= 1)
    assert decoded.notes == ()


@pytest.mark.parametrize(
    ("mode", "color", "seen"),
    [
        ("1", 1, (255, 255, 255)),
        ("P", (204, 0, 51), (204, 0, 51)),
        ("CMYK", (0, 255, 255, 0), (255, 0, 0)),
        ("LA", (180, 255), (180, 180, 180)),
        ("RGBA", (10, 20, 30, 255), (10, 20, 30)),
    ],
)
def test_every_colour_mode_becomes_the_colour_a_person_sees(tmp_path: Path, mode, color, seen):
    path = tmp_path / "a.tif"
    image = Image.new("RGB", (4, 4), color).convert("P") if mode == "P" else None
    (image or Image.new(mode, (4, 4), color)).save(path)
    assert images.decode(path).pixels[0, 0].tolist() == pytest.approx(seen, abs=1)


@pytest.mark.parametrize("mode", ["RGBA", "P"])
def test_transparent_pixels_lie_on_black(tmp_path: Path, mode: str):
    path = tmp_path / "a.png"
    image = Image.new("RGBA", (4, 4), (250, 250, 250, 0))
    image.putpixel((1, 1), (250, 250, 250, 255))
    image.convert(mode).save(path)
    pixels = images.decode(path).pixels
    assert pixels[0, 0].tolist() == [0, 0, 0]
    assert pixels[1, 1].min() > 200


@pytest.mark.parametrize(
    ("high", "dtype"),
    [
        pytest.param(65535, np.uint16, id="16 bit"),
        pytest.param(4095, np.uint16, id="12 bit in 16"),
        pytest.param(255, np.uint16, id="8 bit in 16"),
        pytest.param(1.0, np.float32, id="float 0 to 1"),
        pytest.param(255.0, np.float32, id="float 0 to 255"),
        pytest.param(65535, np.int32, id="32 bit"),
    ],
)
def test_deep_images_are_scaled_by_the_depth_they_use(tmp_path: Path, high, dtype):
    path = tmp_path / "a.tif"
    Image.fromarray(_ramp(high, dtype)).save(path)
    pixels = images.decode(path).pixels
    assert pixels[0, 0, 0] == 0
    assert pixels[-1, -1, 0] == 255
    assert pixels[4, 0, 0] == pytest.approx(130, abs=3)


def test_negative_and_boundless_values_are_stretched_without_their_outliers(tmp_path: Path):
    values = _ramp(2.0, np.float32) - 1.0
    values[0, 1] = np.nan
    values[0, 2] = np.inf
    path = tmp_path / "a.tif"
    Image.fromarray(values).save(path)
    pixels = images.decode(path).pixels
    assert pixels.min() == 0
    assert pixels.max() == 255


def test_a_sixteen_bit_png_keeps_its_levels(tmp_path: Path):
    path = tmp_path / "a.png"
    Image.fromarray(np.full((4, 4), 257 * 100, dtype=np.uint16)).save(path)
    assert np.all(images.decode(path).pixels == 100)


@pytest.mark.parametrize("suffix", [".jpg", ".tif"])
def test_the_camera_may_lie_on_its_side(tmp_path: Path, suffix: str):
    path = tmp_path / f"a{suffix}"
    image = Image.new("L", (8, 4), 0)
    exif = image.getexif()
    exif[0x0112] = 6
    image.save(path, exif=exif)
    assert images.decode(path).pixels.shape == (8, 4, 3)


def test_a_file_of_many_frames_gives_its_first_and_says_so(tmp_path: Path):
    path = tmp_path / "stack.tif"
    frames = [Image.new("L", (4, 4), grey) for grey in (10, 20, 30)]
    frames[0].save(path, save_all=True, append_images=frames[1:])
    decoded = images.decode(path)
    assert np.all(decoded.pixels == 10)
    assert decoded.notes == ("stack.tif holds 3 frames and only the first is used.",)


@pytest.mark.parametrize("suffix", ["png", "jpeg", "bmp", "tiff"])
@pytest.mark.parametrize("kept", [0.02, 0.5, 0.9])
def test_a_file_cut_short_is_refused_by_name(tmp_path: Path, suffix: str, kept: float):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).save(buffer, format=suffix.upper())
    whole = tmp_path / f"whole.{suffix}"
    whole.write_bytes(buffer.getvalue())
    assert images.decode(whole).pixels.shape == (64, 64, 3)
    cut = tmp_path / f"cut.{suffix}"
    cut.write_bytes(buffer.getvalue()[: int(len(buffer.getvalue()) * kept)])
    with pytest.raises(Invalid, match=rf"cut\.{suffix}") as refusal:
        images.decode(cut)
    assert refusal.value.code == "image-broken"


@pytest.mark.parametrize("content", [b"", b"not an image", b"\x89PNG\r\n\x1a\n", b"<svg/>" * 99])
def test_what_is_no_image_is_refused(tmp_path: Path, content: bytes):
    path = tmp_path / "a.png"
    path.write_bytes(content)
    with pytest.raises(Invalid, match=r"a\.png") as refusal:
        images.decode(path)
    assert refusal.value.code == "image-broken"


def test_a_format_off_the_list_is_refused(tmp_path: Path):
    path = tmp_path / "a.gif"
    Image.new("L", (4, 4)).save(path)
    with pytest.raises(Invalid, match="PNG, JPEG, BMP and TIFF"):
        images.decode(path)


@pytest.mark.parametrize("side", [10_960, 20_000])
def test_a_decompression_bomb_is_refused_before_it_unpacks(tmp_path: Path, side: int):
    path = tmp_path / "bomb.png"
    Image.new("1", (side, side)).save(path)
    assert path.stat().st_size < 100_000
    with pytest.raises(TooLarge, match="120 megapixels") as refusal:
        images.decode(path)
    assert refusal.value.code == "image-too-large"


def test_a_missing_file_and_a_folder_are_refused_by_name(tmp_path: Path):
    with pytest.raises(NotFound, match=r"gone\.png"):
        images.decode(tmp_path / "gone.png")
    with pytest.raises(Invalid, match="cannot be opened"):
        images.decode(tmp_path)


def test_damaged_bytes_never_escape_as_another_error(tmp_path: Path):
    noise = np.random.default_rng(0).integers(0, 256, (24, 24, 3), dtype=np.uint8)
    rng = np.random.default_rng(1)
    path = tmp_path / "a.bin"
    for suffix in ("PNG", "JPEG", "BMP", "TIFF"):
        buffer = io.BytesIO()
        Image.fromarray(noise).save(buffer, format=suffix)
        for _ in range(60):
            raw = bytearray(buffer.getvalue())
            for place in rng.integers(0, min(len(raw), 400), 6):
                raw[place] = rng.integers(0, 256)
            path.write_bytes(raw)
            try:
                assert images.decode(path).pixels.dtype == np.uint8
            except (Invalid, TooLarge) as refusal:
                assert "a.bin" in str(refusal)  # noqa: PT017 - either outcome is right
