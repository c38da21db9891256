// Shows every button[data-copy] and copies its text; the button then says data-copied for a while.
(() => {
  if (!navigator.clipboard) return;

  const reveal = (root) => {
    for (const button of root.querySelectorAll("button[data-copy]")) button.hidden = false;
  };

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button[data-copy]");
    if (!button || button.dataset.label) return;
    await navigator.clipboard.writeText(button.dataset.copy);
    button.dataset.label = button.textContent;
    button.textContent = button.dataset.copied || button.textContent;
    setTimeout(() => {
      button.textContent = button.dataset.label;
      delete button.dataset.label;
    }, 2000);
  });

  reveal(document);
  document.addEventListener("htmx:load", (event) => reveal(event.target));
})();
