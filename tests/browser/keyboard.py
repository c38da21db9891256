"""A page by its keyboard: each control is reached once, in the order of the page, and is seen."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

MOST_STOPS = 200
# The stops that a page should have, and how each looks without focus; then every stop it makes.
WATCH = """() => {
  const parts = "a[href], button, input, select, textarea, summary, iframe, [tabindex]";
  const isStop = (each) => each.tabIndex >= 0 && !each.disabled && each.type !== "hidden" &&
    !each.closest("[inert]") && each.checkVisibility({ visibilityProperty: true });
  // Of a group of radio buttons, the chosen one is the stop, or else the first.
  const isOfGroup = (each, index, all) => {
    if (each.type !== "radio") return true;
    const group = all.filter((one) => one.type === "radio" && one.name === each.name &&
      one.form === each.form);
    return each === (group.find((one) => one.checked) ?? group[0]);
  };
  const draw = (each) => {
    const { outlineStyle, outlineWidth, outlineColor, boxShadow } = getComputedStyle(each);
    return outlineStyle === "none" ? boxShadow : `${outlineWidth} ${outlineColor} ${boxShadow}`;
  };
  const withParents = (each) => {
    const all = [];
    for (let one = each; one && all.length < 5; one = one.parentElement) all.push(one);
    return all;
  };
  document.activeElement?.blur();
  const stops = [...document.querySelectorAll(parts)].filter(isStop).filter(isOfGroup);
  const before = new Map();
  for (const each of stops) for (const one of withParents(each)) before.set(one, draw(one));
  const tell = (each) => each.outerHTML.replace(/\\s+/g, " ").slice(0, 120);
  const reached = [];
  const unseen = [];
  document.addEventListener("focusin", ({ target }) => {
    if (!stops.includes(target)) {
      // What scrolls is a stop of the browser's own.
      if (target.scrollWidth <= target.clientWidth && target.scrollHeight <= target.clientHeight) {
        reached.push(tell(target));
      }
      return;
    }
    reached.push(stops.indexOf(target));
    const isSeen = withParents(target).some((one) => before.get(one) !== draw(one));
    if (!isSeen) unseen.push(tell(target));
  });
  const inner = { date: 4, time: 4, "datetime-local": 7, month: 3, week: 3 };
  window.keyboard = { stops: stops.map(tell), reached, unseen };
  return stops.reduce((sum, each) => sum + (inner[each.type] ?? 1), 0);
}"""
READ = """() => ({
  ...window.keyboard,
  headings: [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")]
    .filter((each) => each.checkVisibility()).map((each) => Number(each.tagName[1])),
  skip: document.querySelector(".skip") !== null,
  masthead: document.querySelector(".masthead") !== null,
  landmarks: [...document.querySelectorAll("nav, aside, [role=search], section[aria-label]")]
    .filter((each) => each.checkVisibility())
    .filter((each) => !each.ariaLabel && !each.ariaLabelledByElements?.length)
    .map((each) => each.outerHTML.slice(0, 80)),
  mains: document.querySelectorAll("main").length,
})"""
# Whether the element with focus can be seen: in the window, and not all of it behind another one.
IS_SEEN = """() => {
  const each = document.activeElement;
  if (!each || each === document.body) return true;
  each.scrollIntoView({ block: "nearest", behavior: "instant" });
  const isTick = each.matches("input[type=radio], input[type=checkbox]");
  const shown = (isTick && each.closest("label")) || each;
  const { left, right, top, bottom } = shown.getBoundingClientRect();
  const middle = [(left + right) / 2, (top + bottom) / 2];
  return [middle, [left + 3, top + 3], [right - 3, bottom - 3]].some(([x, y]) => {
    const hit = document.elementFromPoint(x, y);
    return hit && (shown.contains(hit) || hit.contains(shown));
  });
}"""


def find_keyboard_troubles(page: Page) -> list[str]:
    """Press Tab from a page's beginning to its end; a sentence for each thing that is wrong.

    Each link, button and field is reached once, in the order in which they stand, and looks
    different then; first comes the link to the content, which leads there. Headings follow each
    other without a gap, and the parts of the page have names.
    """
    for _stop in range(page.evaluate(WATCH)):
        page.keyboard.press("Tab")
    found: dict[str, Any] = page.evaluate(READ)
    stops: list[str] = found["stops"]
    reached = list(dict.fromkeys(found["reached"]))[: len(stops)]
    troubles = [f"no focus to be seen: {each}" for each in found["unseen"]]
    troubles += _compare(stops, reached)
    levels: list[int] = found["headings"]
    if levels.count(1) != 1:
        troubles.append(f"{levels.count(1)} headings of the first level")
    gaps = [pair for pair in pairwise(levels) if pair[1] > pair[0] + 1]
    troubles += [f"a heading of level {after} follows one of level {one}" for one, after in gaps]
    troubles += [f"a part without a name: {each}" for each in found["landmarks"]]
    if found["mains"] != 1:
        troubles.append(f"{found['mains']} main parts")
    if found["masthead"]:
        troubles += _follow_skip_link(page, stops)
    return troubles


def _compare(stops: list[str], reached: list[Any]) -> list[str]:
    if reached == list(range(len(stops))):
        return []
    named = [stops[each] if isinstance(each, int) else each for each in reached]
    for place, (wanted, got) in enumerate(zip(stops, named, strict=False)):
        if wanted != got or reached[place] != place:
            return [f"stop {place + 1} of {len(stops)} is {got}, not {wanted}"]
    return [f"{len(named)} of {len(stops)} stops are reached; next: {stops[len(named)]}"]


def _follow_skip_link(page: Page, stops: list[str]) -> list[str]:
    if not stops or 'class="skip' not in stops[0]:
        return [f"the first stop is no link to the content: {stops[:1]}"]
    page.locator(".skip").focus()
    page.keyboard.press("Enter")
    where = page.evaluate("() => document.activeElement?.id")
    return [] if where == "main" else [f"the link to the content leads to {where!r}"]


def reach(page: Page, target: Locator) -> None:
    """Press Tab until it has the focus; every stop on the way can be seen."""
    target.wait_for()
    for _stop in range(MOST_STOPS):
        if target.evaluate("(each) => each === document.activeElement"):
            return
        page.keyboard.press("Tab")
        assert page.evaluate(IS_SEEN), page.evaluate("document.activeElement.outerHTML")
    raise AssertionError(f"{MOST_STOPS} stops, and {target} is not among them")


def type_into(page: Page, target: Locator, text: str) -> None:
    """Reach a field, and type in place of what stands there."""
    reach(page, target)
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type(text)


def press_key(page: Page, target: Locator, key: str = "Enter") -> None:
    """Reach a control, and press a key on it."""
    reach(page, target)
    page.keyboard.press(key)
