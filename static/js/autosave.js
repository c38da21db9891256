// Tells whether a step of the wizard is saved, tries again what did not arrive, and asks before
// something unsaved is left. htmx sends the step; what is said stands in [data-autosave].
(() => {
  const side = document.querySelector("[data-autosave]");
  const form = document.querySelector("#step-form");
  const said = document.querySelector("#saved-said");
  if (!side || !form || !said || !window.htmx) return;

  const FIRST_WAIT_MS = 3000;
  const LONGEST_WAIT_MS = 30000;
  const FRESH_MS = 60000;
  const words = side.dataset;
  const path = new URL(side.getAttribute("hx-post"), location).pathname;
  let edits = 0; // how often something was changed, of these what is on its way and what is saved
  let sent = 0;
  let saved = 0;
  let stopped = false; // the organiser has to choose or to do something first
  let trouble = "";
  let leaving = false;
  let wait = FIRST_WAIT_MS;
  let again = 0;
  let savedAt = performance.now();

  // So that what was sent first does not undo what was sent later, whatever arrives first.
  const turn = document.createElement("input");
  Object.assign(turn, { type: "hidden", name: "turn", value: "0" });
  form.append(turn);
  const takeTurn = () => {
    turn.value = String(Math.max(Number(turn.value) + 1, Date.now()));
    return turn.value;
  };

  // Who signs in again in another tab gets another token, in the cookie that both tabs share.
  const takeToken = () => {
    const field = form.elements.csrfmiddlewaretoken;
    const token = /(?:^|; )csrftoken=([^;]+)/.exec(document.cookie)?.[1];
    if (field && token) field.value = token;
    return field?.value ?? "";
  };

  const readLine = () => document.querySelector("#saved");
  if (readLine().dataset.state !== "saved") {
    stopped = true; // the page came back with what its button could not save
    edits = 1;
  }
  const show = (state, text) => {
    readLine().dataset.state = state;
    readLine().textContent = text;
  };
  // A text that is said already is not said again: one save after the other stays quiet.
  const say = (text) => {
    if (said.textContent !== text) said.textContent = text;
  };

  const save = () => htmx.trigger(side, "again");
  const fail = (name) => {
    trouble = name;
    show("not", words[name]);
    say(words[name]);
    clearTimeout(again);
    again = setTimeout(save, wait);
    wait = Math.min(2 * wait, LONGEST_WAIT_MS);
  };

  const note = () => {
    edits += 1;
    if (!trouble && !stopped) show("unsaved", words.unsaved);
  };
  form.addEventListener("input", note);

  side.addEventListener("htmx:configRequest", (event) => {
    event.detail.parameters.csrfmiddlewaretoken = takeToken();
    event.detail.parameters.turn = takeTurn();
  });

  side.addEventListener("htmx:beforeRequest", (event) => {
    if (stopped || leaving || edits === saved) event.preventDefault();
    else sent = edits;
  });

  side.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr } = event.detail;
    if (xhr.status !== 200 || new URL(xhr.responseURL).pathname === path) return;
    event.detail.shouldSwap = false; // the page to sign in on
    fail("signedOut");
  });

  side.addEventListener("htmx:afterSwap", () => {
    clearTimeout(again);
    trouble = "";
    wait = FIRST_WAIT_MS;
    stopped = readLine().dataset.state !== "saved";
    say(stopped ? readLine().textContent : words.said);
    if (stopped) return;
    saved = sent;
    savedAt = performance.now();
    if (saved !== edits) show("unsaved", words.unsaved);
  });

  side.addEventListener("htmx:sendError", () => fail("offline"));
  side.addEventListener("htmx:timeout", () => fail("offline"));
  side.addEventListener("htmx:responseError", () => fail("trouble"));

  form.addEventListener("submit", (event) => {
    takeToken();
    takeTurn();
    if (trouble === "signedOut" || !navigator.onLine) {
      event.preventDefault(); // the page that would answer knows nothing of what stands here
      fail(trouble || "offline");
    } else leaving = true;
  });

  // Who drops what stands here has chosen to.
  form.addEventListener("click", (event) => {
    if (event.target.closest("#clash a")) leaving = true;
  });

  addEventListener("online", save);
  addEventListener("pageshow", () => (leaving = false));
  document.addEventListener("visibilitychange", save); // when the page is left, and on return
  addEventListener("beforeunload", (event) => {
    if (!leaving && edits !== saved) event.preventDefault();
  });

  setInterval(() => {
    const line = readLine();
    const isFresh = performance.now() - savedAt < FRESH_MS;
    if (line.dataset.state === "saved" && line.dataset.then && !isFresh) line.textContent = line.dataset.then;
  }, 5000);
})();
