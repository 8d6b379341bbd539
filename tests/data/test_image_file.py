"""Image files: orientation, depth, transparency and frames of each format."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageOps

from ganjax.data.image_file import BadImage, decode, header

RNG = np.random.RandomState(0)
COLOURS = RNG.randint(0, 256, (3, 5, 3), np.uint8)


def saved(image, kind, **options):
    if not isinstance(image, Image.Image):
        image = Image.fromarray(image)
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def png(values, colour, depth, clear=None, interlaced=False):
    """A PNG file, written by hand: values ``[H, W, C]`` of ``depth`` bits."""

    def chunk(kind, content):
        checksum = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + checksum

    def row(line):
        if depth == 16:
            return b"\0" + line.astype(">u2").tobytes()
        bits = "".join(format(v, f"0{depth}b") for v in line.ravel())
        bits += "0" * (-len(bits) % 8)
        return b"\0" + bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits), 8))

    height, width = values.shape[:2]
    size = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    rows = b"".join(row(line) for line in values)
    tail = chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    if clear is not None:
        tail = chunk(b"tRNS", struct.pack(f">{len(clear)}H", *clear)) + tail
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + tail


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_orientation_is_applied(kind, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"lossless": True} if kind == "WEBP" else {}
    content = saved(COLOURS, kind, exif=exif, **options)
    with Image.open(io.BytesIO(content)) as image:
        expected = np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
    found = decode(content, 3)
    np.testing.assert_array_equal(found, expected)
    assert header(content)[:3] == (found.shape[1], found.shape[0], 3)
    if kind != "JPEG":  # by hand: orientation 6 is a quarter turn clockwise
        turned = np.rot90(COLOURS, -1) if orientation == 6 else None
        assert turned is None or (found == turned).all()


def test_an_orientation_after_the_pixels_of_a_png():
    exif = Image.Exif()
    exif[0x0112] = 3
    content = saved(COLOURS, "PNG", exif=exif)
    start = content.index(b"eXIf") - 4
    (length,) = struct.unpack(">I", content[start : start + 4])
    chunk = content[start : start + 12 + length]
    end = content.index(b"IEND") - 4
    moved = content[:start] + content[start + len(chunk) : end] + chunk + content[end:]
    np.testing.assert_array_equal(decode(moved, 3), COLOURS[::-1, ::-1])


@pytest.mark.parametrize("colour, bands", [(0, 1), (2, 3), (4, 2), (6, 4)])
def test_sixteen_bits_are_scaled_and_rounded(colour, bands):
    values = RNG.randint(0, 65536, (3, 5, bands)).astype(np.uint16)
    values.flat[:4] = 0, 65535, 128, 129  # 128 / 257 < 1/2 < 129 / 257
    content = png(values, colour, 16)
    expected = np.rint(values / 257).astype(np.uint8)
    assert header(content)[:2] == (5, 3)
    if bands % 2 == 0:
        assert header(content).channels == 4 and header(content).grey == (bands == 2)
        found = decode(content, 4)
        np.testing.assert_array_equal(found[..., -1], expected[..., -1])
        np.testing.assert_array_equal(found[..., : bands - 1], expected[..., :-1])
    else:
        assert header(content)[2:] == (bands, bands == 1)
        np.testing.assert_array_equal(decode(content, bands), expected)


@pytest.mark.parametrize(
    "colour, clear, expected",
    [(0, (256,), [[255], [1]]), (2, (256,) * 3, [[255] * 3, [1] * 3])],
)
def test_a_transparent_value_of_sixteen_bits_is_exact(colour, clear, expected):
    # Both pixels have the high byte 1, and only the first is the transparent one.
    values = np.repeat([[[256], [257]]], len(clear), -1).astype(np.uint16)
    found = decode(png(values, colour, 16, clear), len(clear))
    np.testing.assert_array_equal(found[0], expected)


def test_sixteen_bits_of_a_grey_tiff_are_scaled():
    values = np.array([[0, 129, 65535]], np.uint16)
    content = saved(values, "TIFF")
    assert header(content) == (3, 1, 1, True)
    np.testing.assert_array_equal(decode(content, 1)[0, :, 0], [0, 1, 255])


@pytest.mark.parametrize("depth", [1, 2, 4, 8])
def test_the_transparent_value_of_a_grey_png_is_white(depth):
    most = 2**depth - 1
    values = np.array([[[0], [most]]], np.uint8)
    assert decode(png(values, 0, depth), 1).ravel().tolist() == [0, 255]
    content = png(values, 0, depth, clear=(0,))
    assert decode(content, 1).ravel().tolist() == [255, 255]
    assert header(content) == (2, 1, 4, True)
    assert decode(content, 4)[0, :, 3].tolist() == [0, 255]
    # The transparent value is given in the depth of the file.
    content = png(np.array([[[0], [most]]], np.uint8), 0, depth, clear=(most,))
    assert decode(content, 4)[0, :, 3].tolist() == [255, 0]


def palette(*colours, used):
    image = Image.new("P", (len(used), 1))
    image.putpalette([value for colour in colours for value in colour])
    image.putdata(used)
    return image


RED, DARK, LIGHT = (255, 0, 0), (10, 10, 10), (200, 200, 200)


@pytest.mark.parametrize(
    "image, channels, grey",
    [
        (palette(DARK, LIGHT, used=[0, 1]), 1, True),
        (palette(DARK, LIGHT, RED, used=[0, 1]), 1, True),
        (palette(DARK, LIGHT, RED, used=[0, 2]), 3, False),
        (Image.new("LA", (2, 1), (10, 100)), 4, True),
        (Image.new("RGBA", (2, 1), (10, 10, 10, 100)), 4, False),
        (Image.new("L", (2, 1), 10), 1, True),
        (Image.new("1", (2, 1), 1), 1, True),
        (Image.new("RGB", (2, 1), RED), 3, False),
    ],
)
def test_channels_of_a_mode(image, channels, grey):
    assert header(saved(image, "PNG"))[2:] == (channels, grey)


def test_transparency_is_put_on_white_or_kept():
    # Half-transparent black on white: 255 · (1 - 51/255) = 204.
    for mode, colour in (("LA", (0, 51)), ("RGBA", (0, 0, 0, 51))):
        content = saved(Image.new(mode, (2, 1), colour), "PNG")
        assert (decode(content, 3) == 204).all() and (decode(content, 1) == 204).all()
        np.testing.assert_array_equal(decode(content, 4)[0], [[0, 0, 0, 51]] * 2)
    opaque = saved(Image.new("RGB", (1, 1), RED), "PNG")
    np.testing.assert_array_equal(decode(opaque, 4)[0, 0], [255, 0, 0, 255])
    clear = palette(RED, DARK, used=[0, 1])
    content = saved(clear, "PNG", transparency=0)
    assert header(content) == (2, 1, 4, True)  # the red pixel is not visible
    np.testing.assert_array_equal(decode(content, 3)[0], [[255] * 3, DARK])


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF", "GIF"])
def test_several_frames_are_refused(kind):
    frames = [Image.new("RGB", (4, 4), colour) for colour in (RED, DARK, LIGHT)]
    content = saved(frames[0], kind, save_all=True, append_images=frames[1:])
    for read in (header, lambda content: decode(content, 3)):
        with pytest.raises(BadImage, match="has 3 frames, expected one image"):
            read(content)
    assert header(saved(frames[0], kind, save_all=True)).width == 4


def test_a_jpeg_with_a_preview_is_one_image():
    frames = [Image.new("L", size, 90) for size in ((8, 6), (4, 3))]
    content = saved(frames[0], "MPO", save_all=True, append_images=frames[1:])
    assert header(content) == (8, 6, 1, True)
    assert abs(decode(content, 1).astype(int) - 90).max() <= 2


def white_is_zero():
    """A TIFF of one grey pixel of 16 bits where 0 is white, without compression."""
    tags = [(256, 3, 1), (257, 3, 1), (258, 3, 16), (259, 3, 1), (262, 3, 0),
            (273, 4, 8), (277, 3, 1), (278, 3, 1), (279, 4, 2)]  # fmt: skip
    entries = b"".join(struct.pack("<HHII", t, kind, 1, v) for t, kind, v in tags)
    head = b"II*\0" + struct.pack("<I", 10) + b"\0\0"
    return head + struct.pack("<H", len(tags)) + entries + b"\0\0\0\0"


@pytest.mark.parametrize(
    "content, reason",
    [
        (saved(np.zeros((2, 2), np.float32), "TIFF"), "mode F"),
        (saved(np.zeros((2, 2), np.int32), "TIFF"), "mode I with 32 bits"),
        (white_is_zero(), "mode I;16 with 16 bits"),
        (saved(Image.new("LAB", (2, 2)), "TIFF"), "mode LAB"),
    ],
)
def test_other_depths_are_refused(content, reason):
    for read in (header, lambda content: decode(content, 3)):
        with pytest.raises(BadImage, match=f"{reason}.*expected 8 bits a channel"):
            read(content)


def test_damaged_files():
    noise = RNG.randint(0, 256, (64, 64, 3), np.uint8)
    whole = saved(noise, "PNG")
    assert header(whole[:-900]) == (64, 64, 3, False)
    with pytest.raises(BadImage, match="^cannot be decoded \\(.*truncated"):
        decode(whole[:-900], 3)
    for read in (header, lambda content: decode(content, 3)):
        with pytest.raises(BadImage) as caught:
            read(b"no\nimage")
        assert "\n" not in str(caught.value)
