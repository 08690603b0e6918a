// Keeps a page that is still changing up to date; without this script the page reloads itself.
"use strict";

const EVERY_MS = 1500;

function openDetails(root) {
  return new Set([...root.querySelectorAll("details[open][id]")].map((element) => element.id));
}

function replaceMain(html) {
  const fresh = new DOMParser().parseFromString(html, "text/html");
  const before = document.querySelector("main");
  const after = fresh.querySelector("main");
  for (const id of openDetails(before)) fresh.getElementById(id)?.setAttribute("open", "");
  if (before.innerHTML !== after.innerHTML && !before.contains(document.activeElement)) {
    before.replaceWith(document.adoptNode(after));
    document.title = fresh.title;
  }
  return fresh.querySelector("script[defer]") !== null;
}

async function refresh() {
  let again = true;
  if (document.visibilityState === "visible") {
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      if (answer.ok) again = replaceMain(await answer.text());
    } catch { /* the service is away: ask again */ }
  }
  if (again) setTimeout(refresh, EVERY_MS);
}

setTimeout(refresh, EVERY_MS);
