// SPDX-License-Identifier: Apache-2.0
// The virtual bench, live: without this file every button is a form and works all the same.
"use strict";
(() => {
  const LOOK_MS = 1200;
  const parts = () => [...document.querySelectorAll("[data-play][id]")];
  const plain = (part) => part.innerHTML.replace(/value="[^"]*"/g, "");
  let busy = false;

  // Takes over what changed; what did not keeps its focus and its pictures.
  const take = (text) => {
    const fresh = new DOMParser().parseFromString(text, "text/html");
    for (const part of parts()) {
      const other = fresh.getElementById(part.id);
      if (!other || plain(other) === plain(part)) continue;
      const label = document.activeElement?.closest?.("form")?.textContent;
      part.replaceWith(other);
      if (label && !document.activeElement?.closest?.("form"))
        [...other.querySelectorAll("form")].find((form) => form.textContent === label)?.querySelector("button")?.focus();
    }
  };

  const look = async () => {
    if (busy || document.hidden) return;
    busy = true;
    try {
      const answer = await fetch(location.href, { credentials: "same-origin" });
      if (answer.ok) take(await answer.text());
    } catch {
      // The server is away; the next look tries again.
    } finally {
      busy = false;
    }
  };

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!form.matches("form[data-act]")) return;
    event.preventDefault();
    const button = form.querySelector("button");
    button.disabled = true;
    try {
      const answer = await fetch(form.action, { method: "POST", body: new FormData(form), credentials: "same-origin" });
      if (answer.ok) take(await answer.text());
      else form.submit();
    } catch {
      form.submit();
    } finally {
      button.disabled = false;
      const typed = form.querySelector("input[name=text]:not([type=hidden])");
      if (typed) typed.value = "";
    }
  });

  setInterval(look, LOOK_MS);
})();
