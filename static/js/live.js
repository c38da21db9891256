// Keeps a launch's parts as the server has them now. [data-live] holds the address that is asked,
// for everybody the same; [data-mine] the one for what is the reader's own. Each answer says how
// long to wait for the next (data-wait, ms; 0: nothing more will change).
(() => {
  const root = document.querySelector("[data-live]");
  if (!root) return;

  const LONGEST = 30_000;
  const STATUS_EVERY = 20_000; // a screen reader is told of news, not of each second
  const LATE_AFTER = 3; // failures in a row
  const PATIENCE = 10_000; // an answer that hangs is one that does not come
  const LONGEST_TIMER = 2 ** 31 - 1;
  const status = root.querySelector("[data-live-status]");
  const late = root.querySelector("[data-live-late]");
  const lead = Number(root.dataset.lead || 0) * 1000;
  const slowest = Number(root.dataset.slow || 0) * 1000;
  let etag = "";
  let wait = Number(root.dataset.wait);
  let state = root.dataset.state;
  let failures = 0;
  let toldAt = performance.now();
  let timer = 0;
  let asking = false;

  const spread = (milliseconds) => milliseconds * (0.85 + 0.3 * Math.random());

  const reload = () => setTimeout(() => location.reload(), 3000 * Math.random());

  const plan = (milliseconds) => {
    clearTimeout(timer);
    if (milliseconds < LONGEST_TIMER) timer = setTimeout(ask, milliseconds);
  };

  const planNext = () => {
    if (!wait) return;
    const backed = failures ? Math.min(LONGEST, Math.max(wait, 1000) * 2 ** failures) : wait;
    plan(spread(Math.max(backed, slowest)));
  };

  // Waves that are under way go on: only the dots around them are drawn anew.
  const redrawCrowd = (old, fresh) => {
    const [before, after] = [old.querySelector("svg.crowd"), fresh.querySelector("svg.crowd")];
    const count = (svg) => svg?.querySelectorAll(".crowd__wave").length || 0;
    if (!count(before) || count(before) !== count(after)) return false;
    for (const name of ["viewBox", "aria-label"]) before.setAttribute(name, after.getAttribute(name));
    const others = (svg) => [...svg.children].filter((each) => !each.matches(".crowd__wave"));
    const waves = [...before.querySelectorAll(".crowd__wave")];
    const radius = after.querySelector(".crowd__wave").getAttribute("r");
    for (const wave of waves) wave.setAttribute("r", radius);
    for (const each of others(before)) each.remove();
    before.append(...others(after));
    return true;
  };

  // Who stands on a link or in a table of a part stays there when it is drawn anew.
  const place = (part) => {
    const active = document.activeElement;
    if (!part.contains(active)) return null;
    const all = part.querySelectorAll("a, button, summary, [tabindex]");
    return { index: [...all].indexOf(active), href: active.getAttribute("href") };
  };
  const putBack = (part, found) => {
    if (!found) return;
    const all = [...part.querySelectorAll("a, button, summary, [tabindex]")];
    const same = found.href && all.find((each) => each.getAttribute("href") === found.href);
    (same || all[found.index])?.focus({ preventScroll: true });
  };

  // A form's token is another one each time, and no reason to draw it anew under somebody's finger.
  const plain = (html) => html.replace(/name="csrfmiddlewaretoken" value="[^"]*"/g, "").trim();
  const drawn = new Map();
  const put = (answer) => {
    for (const fresh of answer.querySelectorAll("[data-part]")) {
      const old = root.querySelector(`[data-part="${fresh.dataset.part}"]`);
      const html = plain(fresh.innerHTML);
      if (!old || (drawn.get(old) ?? plain(old.innerHTML)) === html) continue;
      drawn.set(old, html);
      if (old.dataset.part === "crowd" && redrawCrowd(old, fresh)) continue;
      const opened = [...old.querySelectorAll("details")].map((each) => each.open);
      const focused = place(old);
      old.replaceChildren(...fresh.childNodes);
      old.querySelectorAll("details").forEach((each, index) => { each.open = opened[index] || false; });
      putBack(old, focused);
      document.dispatchEvent(new CustomEvent("htmx:load", { target: old }));
    }
  };

  const read = async (address, headers = {}) => {
    const signal = AbortSignal.timeout(PATIENCE);
    const options = { headers, signal, cache: "no-store", credentials: "same-origin" };
    const answer = await fetch(address, options);
    if (!answer.ok) return { answer };
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    return { answer, told: page.querySelector("[data-wait]") };
  };

  const begin = () => {
    for (const each of document.querySelectorAll("[data-until-launch]")) each.hidden = true;
  };

  const tell = (said, isNews) => {
    if (!status || !said || status.textContent === said) return;
    if (!isNews && performance.now() - toldAt < STATUS_EVERY) return;
    toldAt = performance.now();
    status.textContent = said;
  };

  const ask = async () => {
    if (document.hidden || asking) return; // asked again when it is seen
    asking = true;
    try {
      const { answer, told } = await read(root.dataset.live, etag ? { "If-None-Match": etag } : {});
      if (answer.status === 404) { reload(); return; }
      if (answer.status !== 304 && !told) throw new Error(String(answer.status));
      failures = 0;
      if (told) {
        if (told.dataset.moment !== root.dataset.moment) { reload(); return; }
        etag = answer.headers.get("ETag") || "";
        wait = Number(told.dataset.wait);
        const isNews = told.dataset.state !== state;
        state = told.dataset.state;
        put(told);
        if (told.dataset.begun) begin();
        tell(told.dataset.said, isNews);
        // Who steers is told at once, the others are not all at the same moment.
        if (isNews) planMine(mineWait ? spread(500) : 500 + 4000 * Math.random());
      }
    } catch {
      failures += 1;
    } finally {
      asking = false;
    }
    if (late) late.hidden = failures < LATE_AFTER;
    planNext();
  };

  // What is the reader's own: their buttons, or the organiser's controls.
  let mineTimer = 0;
  let mineWait = Number(root.dataset.mineWait || 0);
  const planMine = (milliseconds) => {
    if (!root.dataset.mine) return;
    clearTimeout(mineTimer);
    mineTimer = setTimeout(askMine, milliseconds);
  };
  const askMine = async () => {
    if (!document.hidden) {
      try {
        const { told } = await read(root.dataset.mine);
        if (told) {
          mineWait = Number(told.dataset.wait);
          put(told);
        }
      } catch {
        // The next one may come through.
      }
    }
    if (mineWait) planMine(spread(mineWait));
  };

  const left = Number(root.dataset.left || 0) * 1000;
  if (wait) plan(Math.max(spread(Math.max(wait, slowest)), left - lead || 0));
  if (mineWait) planMine(spread(mineWait));

  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && wait) plan(Math.max(spread(300), left - lead - performance.now()));
  });
  document.addEventListener("countdown:over", () => { if (wait) plan(spread(500)); });
})();
