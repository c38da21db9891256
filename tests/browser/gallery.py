"""``python -m tests.browser.gallery``: the few pictures for the documentation.

Takes what the last run of ``make test-browser`` kept in ``var/screenshots``, cuts it to what a
reader needs to see, and writes it small into ``docs/screenshots``. Every page goes onto a contact
sheet besides (``phones-*.png``, ``desks-*.png``), in the order of ``docs/pages.md``.
"""

from pathlib import Path

from PIL import Image

from tests.browser.looking import PICTURES

DOCS = PICTURES.parents[1] / "docs" / "screenshots"
COLOURS = 128
MOST_BYTES = 150_000
# The picture in the documentation: the screenshot it is of, and how many pixels of its height.
CHOSEN = {
    "home-1440": ("home-1440", 1500),
    "campaign-1440": ("campaign-scheduled-1440", 1300),
    "campaign-360": ("campaign-scheduled-360", 740),
    "support-360": ("support-360", 1200),
    "agree-360": ("agree-360", 2600),
    "by-hand-360": ("promise-now-360", 1000),
    "pledges-360": ("pledges-360", 1300),
    "launch-1440-dark": ("launch-firing-1440-dark", 1000),
    "results-1440": ("results-finished-1440", 1300),
    "wizard-1440": ("wizard-message-1440", 1000),
    "desk-1440": ("desk-1440", 1200),
    "review-1440": ("admin-review-1440", 1300),
    "simulator-1440": ("wall-1440", 1300),
}


# A sheet: the width of the screenshots it takes, the part shown, its size there, and how many in
# a row and on a sheet.
SHEETS = {
    "phones": (360, (360, 740), (180, 370), 10, 20),
    "desks": (1440, (1440, 1000), (360, 250), 5, 20),
}


def list_pages(width: int) -> list[Path]:
    """The light screenshots of that width, by name."""
    return sorted(PICTURES.glob(f"*-{width}.png"))


def draw_sheets(name: str) -> list[str]:
    """Write the contact sheets of one kind; gives the pages' names, sheet by sheet."""
    width, part, size, columns, most = SHEETS[name]
    pages = list_pages(width)
    for number, start in enumerate(range(0, len(pages), most), 1):
        chosen = pages[start : start + most]
        rows = -(-len(chosen) // columns)
        gap = 12
        sheet = Image.new(
            "RGB",
            (columns * (size[0] + gap) + gap, rows * (size[1] + gap) + gap),
            "#8a8378",
        )
        for index, file in enumerate(chosen):
            row, column = divmod(index, columns)
            with Image.open(file) as picture:
                seen = Image.new("RGB", part, "white")
                seen.paste(picture.convert("RGB").crop((0, 0, *part)))
            at = (gap + column * (size[0] + gap), gap + row * (size[1] + gap))
            sheet.paste(seen.resize(size, Image.Resampling.LANCZOS), at)
        target = DOCS / f"{name}-{number}.png"
        sheet.quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(
            target, optimize=True
        )
        print(f"{target.stat().st_size:>8,}  {target.name}")
    return [file.stem.removesuffix(f"-{width}") for file in pages]


def write_list(pages: list[str]) -> None:
    """Write docs/pages.md: the sheets, and which page is which."""
    most = SHEETS["phones"][-1]
    lines = ["# Every page", ""]
    lines += ["Written by `python -m tests.browser.gallery` from the last `make test-browser`.", ""]
    for number, start in enumerate(range(0, len(pages), most), 1):
        chosen = pages[start : start + most]
        lines += [f"## Sheet {number}", "", ", ".join(chosen) + ".", ""]
        lines += [f"![Phones](screenshots/phones-{number}.png)", ""]
        lines += [f"![Desks](screenshots/desks-{number}.png)", ""]
    (DOCS.parent / "pages.md").write_text("\n".join(lines))


def main() -> None:
    """Write every chosen picture. Raises SystemExit with a sentence for what is missing or big."""
    DOCS.mkdir(parents=True, exist_ok=True)
    for name, (source, height) in CHOSEN.items():
        file = PICTURES / f"{source}.png"
        if not file.exists():
            raise SystemExit(f"{file} is not there: run make test-browser first.")
        with Image.open(file) as picture:
            part = picture.convert("RGB").crop((0, 0, picture.width, min(height, picture.height)))
        target = DOCS / f"{name}.png"
        part.quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(
            target, optimize=True
        )
        if target.stat().st_size > MOST_BYTES:
            raise SystemExit(f"{target} has {target.stat().st_size:,} bytes: cut it shorter.")
        print(f"{target.stat().st_size:>8,}  {target.name}")
    pages = [draw_sheets(name) for name in SHEETS]
    write_list(pages[0])


if __name__ == "__main__":
    main()
