// What every page does by itself: the menu of small screens, fresh figures, and questions before what cannot be undone.
"use strict";
(() => {
  const EVERY_MS = 5000;
  const STALE_MS = 20000;

  for (const button of document.querySelectorAll("[data-toggles]")) {
    const toggled = document.getElementById(button.dataset.toggles);
    button.addEventListener("click", () => {
      button.setAttribute("aria-expanded", String(toggled.classList.toggle("open")));
    });
  }

  document.addEventListener("submit", (event) => {
    const question = (event.submitter && event.submitter.dataset.asks) || event.target.dataset.asks;
    if (question && !window.confirm(question)) event.preventDefault();
  });

  document.addEventListener("click", (event) => {
    for (const open of document.querySelectorAll("details.who[open]")) {
      if (!open.contains(event.target)) open.removeAttribute("open");
    }
  });

  // A part of a page with data-live and an id is fetched again and again. The request says that nobody asked for it,
  // so that a page left open does not keep its login alive.
  const live = () => document.querySelectorAll("[data-live][id]");
  if (!live().length) return;
  let freshAt = Date.now();

  const mark = () => {
    const stale = Date.now() - freshAt > STALE_MS;
    for (const time of document.querySelectorAll("[data-fresh]")) {
      time.classList.toggle("stale", stale);
      time.title = stale ? time.dataset.stale : time.title;
    }
  };

  const busy = (part) => part.contains(document.activeElement) && document.activeElement !== document.body;

  const refresh = async () => {
    if (!document.hidden) {
      try {
        const answer = await fetch(location.href, { headers: { "X-Background": "1" }, redirect: "manual" });
        if (answer.type === "opaqueredirect") return location.reload();
        if (answer.ok) {
          const page = new DOMParser().parseFromString(await answer.text(), "text/html");
          for (const part of live()) {
            const fresh = page.getElementById(part.id);
            if (fresh && !busy(part)) part.replaceWith(document.importNode(fresh, true));
          }
          freshAt = Date.now();
        }
      } catch (error) {
        // the mark says how old the figures are
      }
    }
    mark();
    window.setTimeout(refresh, EVERY_MS);
  };
  window.setTimeout(refresh, EVERY_MS);
})();
