"""What a person gives to the page: pastes are told apart, pictures are read, junk is told of kindly."""

from __future__ import annotations

import base64
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explainer.errors import BadInput
from explainer.page_ocr import can_read_pictures, read_picture
from explainer.page_paste import preview, split_paste

TEXT = "Your loan of Rs 500 is due. Pay today."


@pytest.mark.parametrize(
    ("raw", "texts", "senders", "dates"),
    [
        (TEXT, [TEXT], [""], [""]),
        ("", [], [], []),
        ("\n \n", [], [], []),
        (f"[02/03/2026, 14:05:11] VM-BANK-S: {TEXT}", [TEXT], ["VM-BANK-S"], [""]),
        (f"[21/03/2026, 2:05 PM] Ann: Look!\n[22/03/2026, 2:06 PM] +44 7700 900123: {TEXT}\nSecond line",
         ["Look!", TEXT + "\nSecond line"], ["Ann", "+44 7700 900123"], ["2026-03-21", "2026-03-22"]),
        (f"21.03.26, 14:05 - Bank: {TEXT}", [TEXT], ["Bank"], ["2026-03-21"]),
        (f"\u200e[2026-03-21, 14:05:00] Bank: {TEXT}", [TEXT], ["Bank"], ["2026-03-21"]),
        (f"Bank, [21 Mar 2026 14:05:11]:\n{TEXT}", [TEXT], ["Bank"], ["2026-03-21"]),
        (f"From: 72644\nDate: Mar 21, 2026\n\n{TEXT}", [TEXT], ["72644"], ["2026-03-21"]),
        (f"发件人：95555\n时间：2026/03/21\n内容：{TEXT}", [TEXT], ["95555"], ["2026-03-21"]),
        (f"{TEXT}\n-----\nDear Bob, {TEXT}", [TEXT, f"Dear Bob, {TEXT}"], ["", ""], ["", ""]),
        (f"Dear Ann, {TEXT}\n\nDear Bob, {TEXT}", [f"Dear Ann, {TEXT}", f"Dear Bob, {TEXT}"], ["", ""], ["", ""]),
        ("【甲公司】您的借款已逾期3天，请尽快还款处理。\n\n【乙银行】您的验证码是884211，请勿告知他人使用。",
         ["【甲公司】您的借款已逾期3天，请尽快还款处理。", "【乙银行】您的验证码是884211，请勿告知他人使用。"],
         ["", ""], ["", ""]),
        (f"Dear Ann,\n\n{TEXT}\n\nRegards", [f"Dear Ann,\n\n{TEXT}\n\nRegards"], [""], [""]),
        (f"Reminder: {TEXT}", [f"Reminder: {TEXT}"], [""], [""]),
        ("Time: today. Pay your loan.", ["Time: today. Pay your loan."], [""], [""]),
    ],
)  # fmt: skip
def test_what_is_pasted_is_told_apart(raw: str, texts: list[str], senders: list[str], dates: list[str]) -> None:
    pieces = split_paste(raw)
    assert [p.text for p in pieces] == texts
    assert [p.sender for p in pieces] == senders and [p.received_at for p in pieces] == dates


@given(st.text())
def test_any_paste_is_read_without_a_crash(raw: str) -> None:
    pieces = split_paste(raw)
    assert bool(pieces) <= bool(raw.strip())
    assert all(len(preview(piece)) <= 140 for piece in pieces)


def test_long_pastes_are_read_in_time_that_grows_with_them() -> None:
    for hostile in ("[1/1/1, 1:1" * 5000, "a:" * 30_000, "From:" + " " * 59_000, "\n\n" * 30_000, "-" * 60_000 + "x"):
        split_paste(hostile)


# ---------------------------------------------------------------- pictures


@pytest.mark.skipif(not can_read_pictures(), reason='the extra "ocr" is not installed')
def test_a_screenshot_is_read() -> None:
    from PIL import Image, ImageDraw, ImageFont

    picture = Image.new("RGB", (900, 160), "white")
    ImageDraw.Draw(picture).text((20, 50), "Your loan of 500 is overdue", fill="black", font=ImageFont.load_default(48))
    file = io.BytesIO()
    picture.save(file, "PNG")
    words = read_picture("data:image/png;base64," + base64.b64encode(file.getvalue()).decode())
    assert "loan" in words and "500" in words


@pytest.mark.parametrize(
    "junk", ["", "hello", "data:image/png;base64,", "data:image/png;base64,QUJD", "data:text/html,x"]
)
def test_what_is_no_picture_is_told_kindly(junk: str) -> None:
    pytest.importorskip("PIL")
    with pytest.raises(BadInput, match="the picture cannot be read"):
        read_picture(junk)


def test_a_picture_of_too_many_pixels_is_never_unpacked() -> None:
    from PIL import Image

    file = io.BytesIO()
    Image.new("1", (4_000, 3_000)).save(file, "PNG")
    with pytest.raises(BadInput, match="pixels"):
        read_picture("data:image/png;base64," + base64.b64encode(file.getvalue()).decode())
