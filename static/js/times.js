// Adds the reader's own time to every <time data-local="{time} where you are"> of another zone.
// data-clock is what stands between its hours and minutes.
(() => {
  const language = document.documentElement.lang || undefined;

  const add = (element) => {
    const moment = new Date(element.dateTime);
    if (element.dataset.localShown || Number.isNaN(moment.getTime())) return;
    element.dataset.localShown = "true";

    const day = { weekday: "short", day: "numeric", month: "short" };
    const time = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
    const write = (options) =>
      new Intl.DateTimeFormat(language, options)
        .formatToParts(moment)
        .map(({ type, value }) => (type === "literal" && value === ":" ? (element.dataset.clock ?? value) : value))
        .join("");
    const campaign = { timeZone: element.dataset.zone || "UTC" };
    if (write({ ...day, ...time }) === write({ ...day, ...time, ...campaign })) return;

    const sameDay = write(day) === write({ ...day, ...campaign });
    const note = document.createElement("span");
    note.className = "local-time soft small";
    note.textContent = element.dataset.local.replace("{time}", write(sameDay ? time : { ...day, ...time }));
    element.after(note);
  };

  const addAll = (root) => root.querySelectorAll("time[data-local]").forEach(add);
  addAll(document);
  document.addEventListener("htmx:load", (event) => addAll(event.target));
})();
