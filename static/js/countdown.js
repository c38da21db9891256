// Keeps every [data-countdown] (a moment, ISO 8601) running, by the server's clock.
(() => {
  const seen = new WeakMap(); // what the server said beside each clock, and when that was read
  const pad = (number) => String(number).padStart(2, "0");

  // The page's own clock: what the server said, plus what has passed since. A page that the
  // browser brings back from its history carries an old server time, so it uses the reader's.
  const [navigation] = performance.getEntriesByType("navigation");
  const restored = navigation?.type === "back_forward";
  // How long ago the server drew the page, where it had it in memory (pages/remembering.py).
  let kept = navigation?.serverTiming?.find((each) => each.name === "kept")?.duration ?? 0;
  const readNow = (clock) => {
    const server = Date.parse(clock.dataset.now ?? "");
    if (restored || Number.isNaN(server)) return Date.now();
    // A clock that came later, or was told another time, counts from then on.
    if (seen.get(clock)?.server !== server) seen.set(clock, { server, at: performance.now() - kept });
    return server + performance.now() - seen.get(clock).at;
  };

  const show = (clock) => {
    const left = Math.max(0, Math.ceil((Date.parse(clock.dataset.countdown) - readNow(clock)) / 1000));
    const parts = {
      days: String(Math.floor(left / 86400)),
      hours: pad(Math.floor(left / 3600) % 24),
      minutes: pad(Math.floor(left / 60) % 60),
      seconds: pad(left % 60),
    };
    for (const cell of clock.querySelectorAll("[data-unit]")) {
      const text = parts[cell.dataset.unit];
      if (text !== undefined && cell.textContent !== text) cell.textContent = text;
    }
    if (left === 0 && !clock.dataset.over) {
      clock.dataset.over = "true";
      clock.dispatchEvent(new CustomEvent("countdown:over", { bubbles: true }));
    }
  };

  const showAll = () => document.querySelectorAll("[data-countdown]").forEach(show);
  showAll();
  kept = 0; // clocks that come later are as young as their answers
  setInterval(showAll, 250);
})();
