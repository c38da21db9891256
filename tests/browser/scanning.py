"""What can be told of a page by measuring it: words that are cut, collide, spill or are scrambled.

Run in the page itself, also where its own scripts may not run. Each flaw is a sentence.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.browser.looking import measure

if TYPE_CHECKING:
    from playwright.sync_api import Page

WIDTHS = (360, 768, 1440)
HEIGHT = 900
# Numbers of more digits than a reader takes in at a glance, outside of addresses and handles.
UNGROUPED = re.compile(r"(?<![\w/.,@#:%-])\d{5,}(?![\w/@])")

FLAWS = r"""() => {
  const flaws = new Set();
  const say = (what, text) => flaws.add(`${what}: “${text.trim().slice(0, 60)}”`);
  const describe = (each) => [each.tagName.toLowerCase(), ...each.classList].join(".");
  const styles = new Map();
  const style = (each) => {
    if (!styles.has(each)) styles.set(each, getComputedStyle(each));
    return styles.get(each);
  };
  const RIGHT_TO_LEFT = /[\u0590-\u08ff]/;
  const HIDDEN = ".visually-hidden, .widget__new, [aria-hidden='true'], svg, script, style," +
    "template, title, option, noscript";

  const texts = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode, parent = node.parentElement;
    if (!node.data.trim() || parent.closest(HIDDEN) || !parent.checkVisibility()) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const boxes = [...range.getClientRects()].filter((box) => box.width > 1 && box.height > 1);
    if (boxes.length) texts.push({ node, parent, boxes, text: node.data });
  }

  const scrolls = (each) => ["auto", "scroll"].includes(style(each).overflowX);
  const cuts = (each) => ["hidden", "clip"].includes(style(each).overflowX);
  for (const { parent, boxes, text } of texts) {
    const left = Math.min(...boxes.map((box) => box.left));
    const right = Math.max(...boxes.map((box) => box.right));
    if (RIGHT_TO_LEFT.test(text) && !parent.closest("body bdi, body [dir]")) {
      say(`runs into its line, not in <bdi> or dir="auto", in ${describe(parent)}`, text);
    }
    let block = parent;
    while (style(block).display === "inline") block = block.parentElement;
    const own = block.getBoundingClientRect();
    let frame = block;
    while (frame !== document.body && !scrolls(frame)) frame = frame.parentElement;
    if (frame !== document.body) continue;
    if (right > own.right + 1.5 || left < own.left - 1.5) {
      say(`spills out of ${describe(block)}`, text);
    }
    for (let around = block; around !== document.body; around = around.parentElement) {
      if (scrolls(around)) break;
      const edge = around.getBoundingClientRect();
      if (cuts(around) && (right > edge.right + 1.5 || left < edge.left - 1.5)) {
        say(`cut by ${describe(around)}`, text);
      }
    }
  }

  for (const field of document.querySelectorAll("input, textarea")) {
    const shown = field.checkVisibility() && field.type !== "hidden";
    if (shown && RIGHT_TO_LEFT.test(field.value) && !field.closest("body [dir]")) {
      say(`a field without dir="auto", ${describe(field)}`, field.name);
    }
  }

  // What floats over the page, and what scrolls in a frame of its own, may lie on other words.
  const floats = (each) => {
    for (let around = each; around && around !== document.body; around = around.parentElement) {
      if (["sticky", "fixed"].includes(style(around).position) || scrolls(around)) return true;
    }
    return false;
  };
  // A line is taller than its letters: only the middle half of it is compared.
  const lines = texts.filter(({ parent }) => !floats(parent)).flatMap(({ node, boxes, text }) =>
    boxes.map((box) => ({
      node, text, left: box.left + 2, right: box.right - 2,
      top: box.top + box.height / 4, bottom: box.bottom - box.height / 4,
    })));
  lines.sort((one, other) => one.top - other.top);
  lines.forEach((one, index) => {
    for (let next = index + 1; next < lines.length && lines[next].top < one.bottom; next += 1) {
      const other = lines[next];
      if (one.node !== other.node && one.left < other.right && other.left < one.right) {
        say("words on words", `${one.text.trim().slice(0, 28)} | ${other.text}`);
      }
    }
  });
  return [...flaws];
}"""


def find_flaws(page: Page, *, widths: tuple[int, ...] = WIDTHS) -> list[str]:
    """What is wrong with the page at each width, a sentence each."""
    flaws = []
    for width in widths:
        page.set_viewport_size({"width": width, "height": HEIGHT})
        found = measure(page) + list(page.evaluate(FLAWS))
        flaws += [f"{width} px: {each}" for each in found]
    words = page.evaluate("""() => {
      const asTheyAre = [...document.querySelectorAll("code, .secret, pre")];
      return asTheyAre.reduce(
        (all, each) => all.replace(each.innerText, ""), document.body.innerText);
    }""")
    flaws += [f"not grouped: {each}" for each in set(UNGROUPED.findall(words))]
    return flaws


def list_offers(page: Page) -> set[str]:
    """What a reader can follow, press, choose or fill in; without what only a script can do.

    A button that copies or shares needs a script, and is hidden where there is none.
    """
    return set(
        page.evaluate("""() => [...document.querySelectorAll(
            "a[href], button, input, select, textarea, summary")]
          .filter((each) => each.checkVisibility())
          .filter((each) => !each.matches("[data-copy], [data-share], [type=hidden]"))
          .map((each) => [
            each.tagName.toLowerCase(),
            each.getAttribute("href") ?? each.name ?? "",
            each.form?.getAttribute("action") ?? "",
            each.tagName === "BUTTON" ? each.textContent.trim() : "",
          ].filter(Boolean).join(" "))""")
    )
