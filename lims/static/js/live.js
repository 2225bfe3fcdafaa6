// SPDX-License-Identifier: Apache-2.0
// A page that follows what happens elsewhere: each [data-live][id] in it is fetched again and
// replaced when the stream says that something changed.
//
// <div data-follow="URL">   server-sent events: "changed", "alive"
// Without a stream the page is looked at every few seconds.
"use strict";

(() => {
  const root = document.querySelector("[data-follow]");
  if (!root) return;
  const LOOK_AGAIN = 5000;
  let fetching = false, again = false;

  const refresh = async () => {
    if (fetching) { again = true; return; }
    fetching = true;
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store" });
      if (answer.status === 401 || answer.redirected) location.reload();
      if (!answer.ok) return;
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      document.querySelectorAll("[data-live][id]").forEach((old) => {
        const now = fresh.getElementById(old.id);
        if (now && !old.contains(document.activeElement) && old.innerHTML !== now.innerHTML) {
          old.replaceWith(document.importNode(now, true));
        }
      });
    } catch {
      // The server is away: the next look tells.
    } finally {
      fetching = false;
      if (again) { again = false; refresh(); }
    }
  };

  const stream = new EventSource(root.dataset.follow);
  stream.addEventListener("changed", refresh);
  stream.addEventListener("alive", refresh);
  setInterval(() => { if (stream.readyState !== EventSource.OPEN) refresh(); }, LOOK_AGAIN);
})();
