"""``make gallery``: the few pictures for the documentation, and every page on a sheet.

Takes what the last run of ``make test-browser`` kept in ``var/screenshots``, cuts it to what a
reader needs to see, and writes it small into ``docs/screenshots``. Every page goes onto a contact
sheet besides (``phones-*.png``, ``desks-*.png``), in the order of ``docs/pages.md``.
"""

from pathlib import Path

from PIL import Image

from tests.browser.looking import MAILS, PICTURES

DOCS = PICTURES.parents[1] / "docs" / "screenshots"
COLOURS = 128
MOST_BYTES = 150_000
# The picture in the documentation: the screenshot it is of, and how many pixels of its height.
CHOSEN = {
    "home-1440": ("home-1440", 1500),
    "campaign-1440": ("campaign-scheduled-1440", 1300),
    "campaign-360": ("campaign-scheduled-360", 740),
    "campaign-fr-360": ("campaign-scheduled-fr-360", 1400),
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


FRENCH = "-fr"
# A sheet: how the names of the screenshots it takes end, the part shown, its size there, and how
# many in a row and on a sheet.
SHEETS: dict[str, tuple[str, tuple[int, int], tuple[int, int], int, int]] = {
    "phones": ("-360", (360, 740), (180, 370), 10, 20),
    "desks": ("-1440", (1440, 1000), (360, 250), 5, 20),
    "phones-fr": (f"{FRENCH}-360", (360, 740), (180, 370), 10, 20),
}


# Mails are longer than a phone is high, and are shown whole, in both schemes and languages.
MAIL_SHEETS = {
    f"mails-{language}{scheme}": (f"-{language}{scheme}", (360, 990), (144, 396), 13, 26)
    for language in ("en", "fr")
    for scheme in ("", "-dark")
}
MAIL_COLOURS = 48  # there are no pictures in them
PAPER = {"": "white", "-dark": "#16130e"}  # below a mail that ends before its part does


def list_pages(ending: str) -> list[Path]:
    """The light screenshots with that ending, by name; French ones only where it says so."""
    found = sorted(PICTURES.glob(f"*{ending}.png"))
    names = {file: file.stem.removesuffix(ending) for file in found}
    return [file for file in found if not names[file].endswith(FRENCH)]


def draw_sheets(name: str) -> list[str]:
    """Write the contact sheets of pages of one kind; gives the pages' names, sheet by sheet."""
    ending = SHEETS[name][0]
    pages = list_pages(ending)
    draw(name, pages, SHEETS[name])
    return [file.stem.removesuffix(ending) for file in pages]


def draw_mail_sheets(name: str) -> list[str]:
    """The same of mails."""
    ending = MAIL_SHEETS[name][0]
    mails = sorted(MAILS.glob(f"*{ending}.png"))
    if not mails:
        raise SystemExit(f"No mail is in {MAILS}: run make test-browser first.")
    paper = PAPER["-dark" if ending.endswith("-dark") else ""]
    # What is seen little of, as the one strong colour is, keeps its place among them.
    method = Image.Quantize.MAXCOVERAGE
    draw(name, mails, MAIL_SHEETS[name], paper=paper, colours=MAIL_COLOURS, method=method)
    return [file.stem.removesuffix(ending) for file in mails]


def draw(
    name: str,
    pages: list[Path],
    sheet_of: tuple[str, tuple[int, int], tuple[int, int], int, int],
    *,
    paper: str = "white",
    colours: int = COLOURS,
    method: Image.Quantize = Image.Quantize.MEDIANCUT,
) -> None:
    """Write the contact sheets of these pictures."""
    _, part, size, columns, most = sheet_of
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
                seen = Image.new("RGB", part, paper)
                shown = (0, 0, part[0], min(part[1], picture.height))
                seen.paste(picture.convert("RGB").crop(shown))
            at = (gap + column * (size[0] + gap), gap + row * (size[1] + gap))
            sheet.paste(seen.resize(size, Image.Resampling.LANCZOS), at)
        target = DOCS / f"{name}-{number}.png"
        sheet.quantize(colours, method=method, dither=Image.Dither.NONE).save(target, optimize=True)
        print(f"{target.stat().st_size:>8,}  {target.name}")


def write_list(pages: list[str], *, french: list[str]) -> None:
    """Write docs/pages.md: the sheets, and which page is which."""
    lines = ["# Every page", "", "Written by `make gallery`.", ""]
    for number, chosen in enumerate(_deal(pages), 1):
        lines += [f"## Sheet {number}", "", ", ".join(chosen) + ".", ""]
        lines += [f"![Phones](screenshots/phones-{number}.png)", ""]
        lines += [f"![Desks](screenshots/desks-{number}.png)", ""]
    for number, chosen in enumerate(_deal(french), 1):
        lines += [f"## In French, sheet {number}", "", ", ".join(chosen) + ".", ""]
        lines += [f"![Phones, in French](screenshots/phones-fr-{number}.png)", ""]
    (DOCS.parent / "pages.md").write_text("\n".join(lines))


def write_mails(mails: list[str]) -> None:
    """Write docs/mails.md: the sheets, and which mail is which."""
    lines = ["# Every mail", "", "Written by `make gallery`, at the width of a phone.", ""]
    most = next(iter(MAIL_SHEETS.values()))[-1]
    for number, start in enumerate(range(0, len(mails), most), 1):
        lines += [f"## Sheet {number}", "", ", ".join(mails[start : start + most]) + ".", ""]
        for name in MAIL_SHEETS:
            language = "In French" if "fr" in name else "In English"
            scheme = ", dark" if name.endswith("-dark") else ""
            lines += [f"![{language}{scheme}](screenshots/{name}-{number}.png)", ""]
    (DOCS.parent / "mails.md").write_text("\n".join(lines))


def _deal(pages: list[str]) -> list[list[str]]:
    most = SHEETS["phones"][-1]
    return [pages[start : start + most] for start in range(0, len(pages), most)]


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
    pages = {name: draw_sheets(name) for name in SHEETS}
    write_list(pages["phones"], french=pages["phones-fr"])
    mails = {name: draw_mail_sheets(name) for name in MAIL_SHEETS}
    write_mails(mails["mails-en"])


if __name__ == "__main__":
    main()
