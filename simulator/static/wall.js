// Fetches the page again and swaps its live part, so that the place one reads at stays put.
const PAUSE_MS = 2000;

async function refresh() {
  try {
    const answer = await fetch(location.href, { cache: "no-store" });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("live");
    const live = document.getElementById("live");
    if (answer.ok && fresh && fresh.innerHTML !== live.innerHTML) live.replaceWith(fresh);
  } catch {
    // The simulator is away for a moment; the next round will tell.
  }
  setTimeout(refresh, PAUSE_MS);
}

setTimeout(refresh, PAUSE_MS);
