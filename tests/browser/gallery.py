"""``python -m tests.browser.gallery``: the few pictures for the documentation.

Takes what the last run of ``make test-browser`` kept in ``var/screenshots``, cuts it to what a
reader needs to see, and writes it small into ``docs/screenshots``.
"""

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
    "pledges-360": ("pledges-360", 1300),
    "launch-1440-dark": ("launch-firing-1440-dark", 1000),
    "results-1440": ("results-finished-1440", 1300),
    "wizard-1440": ("wizard-message-1440", 1000),
    "desk-1440": ("desk-1440", 1200),
    "review-1440": ("admin-review-1440", 1300),
    "simulator-1440": ("wall-1440", 1300),
}


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


if __name__ == "__main__":
    main()
