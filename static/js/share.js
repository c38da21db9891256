// Shows every button[data-share] where the device has a sheet to share with, and opens it.
(() => {
  if (!navigator.share) return;

  const reveal = (root) => {
    for (const button of root.querySelectorAll("button[data-share]")) button.hidden = false;
  };

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button[data-share]");
    if (!button) return;
    try {
      await navigator.share({ title: button.dataset.shareTitle, url: button.dataset.share });
    } catch (error) {
      if (error.name !== "AbortError") throw error; // closed without sharing: as was wished
    }
  });

  reveal(document);
  document.addEventListener("htmx:load", (event) => reveal(event.target));
})();
