// What every page does by itself: the menu of small screens, fresh figures, and questions before what cannot be undone.
"use strict";
(() => {
  const EVERY_MS = 5000;
  const EVERY_TOLD_MS = 10000;
  const APART_MS = 1000;
  const LISTEN_AGAIN_MS = 60000;
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

  // On a phone the rows of a table stand as cards: each figure bears its column's name.
  const name = (root) => {
    for (const table of root.querySelectorAll("table.stack")) {
      const heads = [...table.querySelectorAll("thead th")].map((one) => one.textContent.trim());
      for (const row of table.querySelectorAll("tbody tr, tfoot tr")) {
        let column = 0;
        for (const cell of row.cells) {
          if (cell.colSpan === 1 && heads[column] && cell.textContent.trim()) cell.dataset.label = heads[column];
          column += cell.colSpan;
        }
      }
    }
  };
  name(document);

  // A part of a page with data-live and an id is fetched again: when the server says that something has changed, and
  // every few seconds, less often while that works. The request says that nobody asked for it, so that a page left open
  // does not keep its login alive. Pages that nobody looks at listen to nothing: a browser has few connections.
  const live = () => document.querySelectorAll("[data-live][id]");
  if (!live().length) return;
  const told = document.querySelector("[data-events]");
  const opened = Date.now();
  const freshAt = new WeakMap();
  let stream = null;
  let notBefore = 0;
  let timer = 0;

  const ages = (part) => part.querySelectorAll("[data-fresh]");

  // A part says by itself that it is old: it may be that nothing answers, or that it stands still under a person's hand.
  const mark = () => {
    for (const part of live()) {
      const stale = Date.now() - (freshAt.get(part) || opened) > STALE_MS;
      for (const time of ages(part)) {
        time.classList.toggle("stale", stale);
        time.title = stale ? time.dataset.stale : time.dataset.fresh;
      }
    }
  };

  const busy = (part) =>
    (part.contains(document.activeElement) && document.activeElement !== document.body) || part.querySelector("details[open]");

  // What is the same but for its age stays: else a text that somebody marks would be taken away from under him.
  const aged = (part, fresh) => {
    const copy = part.cloneNode(true);
    const times = ages(fresh);
    ages(copy).forEach((time, nth) => times[nth] && time.replaceWith(times[nth].cloneNode(true)));
    if (!copy.isEqualNode(fresh)) return false;
    ages(part).forEach((time, nth) => time.replaceWith(document.importNode(times[nth], true)));
    return true;
  };

  const put = (part, fresh) => {
    if (aged(part, fresh)) return freshAt.set(part, Date.now());
    const scrolled = [...part.querySelectorAll(".scroll")].map((one) => one.scrollLeft);
    const placed = document.importNode(fresh, true);
    part.replaceWith(placed);
    freshAt.set(placed, Date.now());
    [...placed.querySelectorAll(".scroll")].forEach((one, nth) => { one.scrollLeft = scrolled[nth] || 0; });
  };

  const refresh = async () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(refresh, stream && stream.readyState === EventSource.OPEN ? EVERY_TOLD_MS : EVERY_MS);
    if (!document.hidden) {
      notBefore = Date.now() + APART_MS;
      try {
        const answer = await fetch(location.href, { headers: { "X-Background": "1" }, redirect: "manual" });
        if (answer.type === "opaqueredirect") return location.reload();
        if (answer.ok) {
          const page = new DOMParser().parseFromString(await answer.text(), "text/html");
          name(page);
          for (const part of live()) {
            const fresh = page.getElementById(part.id);
            if (fresh && !busy(part)) put(part, fresh);
          }
        }
      } catch (error) {
        // the marks say how old the figures are
      }
    }
    mark();
  };

  const soon = () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(refresh, Math.max(0, notBefore - Date.now()));
  };

  const listen = () => {
    if (stream) stream.close();
    stream = null;
    if (document.hidden || !told || !window.EventSource) return;
    stream = new EventSource(told.dataset.events);
    stream.addEventListener("changed", soon);
  };

  document.addEventListener("visibilitychange", () => {
    listen();
    if (!document.hidden) soon();
  });
  window.setInterval(() => {
    if (stream && stream.readyState === EventSource.CLOSED) listen();
  }, LISTEN_AGAIN_MS);
  listen();
  timer = window.setTimeout(refresh, EVERY_MS);
})();
