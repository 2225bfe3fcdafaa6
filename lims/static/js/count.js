// SPDX-License-Identifier: Apache-2.0
// A count of a place: each code is kept in this browser until the server has answered for it, so
// that none is lost when the network is; what others read appears within seconds.
"use strict";

(() => {
  const form = document.querySelector("form[data-count]");
  if (!form) return;
  const input = form.elements.text;
  const unsent = form.querySelector("[data-unsent]");
  const store = `count:${form.getAttribute("action")}`;
  let sending = false;

  const kept = () => {
    try { return JSON.parse(localStorage.getItem(store) || "[]"); } catch { return []; }
  };
  const keep = (list) => {
    localStorage.setItem(store, JSON.stringify(list));
    unsent.textContent = list.length ? `${form.dataset.left} ${list.length}` : "";
  };
  const fresh = () => {
    const bytes = crypto.getRandomValues(new Uint8Array(18));
    return btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_");
  };

  const redraw = async () => {
    if (document.querySelector("dialog[open]")) return;
    const answer = await fetch(location.pathname, { headers: { Accept: "text/html" } });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const now = page.getElementById("count-live");
    if (now) document.getElementById("count-live").replaceWith(now);
    else location.reload();
    if (!page.querySelector("form[data-count]")) location.reload();
  };

  // One at a time and in order: a box, then what is in it.
  const send = async () => {
    if (sending) return;
    sending = true;
    try {
      for (let list = kept(); list.length; list = kept()) {
        const answer = await fetch(form.action, {
          method: "POST",
          headers: {
            "Content-Type": "application/json", Accept: "application/json",
            "X-CSRFToken": form.elements.csrf_token?.value || "",
          },
          body: JSON.stringify({ text: list[0].text, request_key: list[0].key }),
        });
        // 401, 403, 409 and faults of the server: the code stays here, and the person is told.
        if (!answer.ok) {
          const said = await answer.json().catch(() => ({}));
          keep(list);
          const words = said.say?.[document.documentElement.lang] || said.say || "";
          unsent.textContent += ` ${typeof words === "string" ? words : ""}`;
          return;
        }
        keep(kept().filter((one) => one.key !== list[0].key));
      }
      await redraw();
    } catch {
      keep(kept());
    } finally {
      sending = false;
    }
  };

  const take = (text) => {
    keep([...kept(), { text, key: fresh() }]);
    input.value = "";
    input.focus();
    send();
  };

  // A scanner that types: wherever the focus is.
  document.addEventListener("osteon:scan", (event) => {
    event.preventDefault();
    take(event.detail.text);
  });

  form.addEventListener("submit", (event) => {
    const text = input.value.trim();
    event.preventDefault();
    if (text) take(text);
  }, true);

  keep(kept());
  send();
  window.addEventListener("online", send);
  setInterval(() => { if (kept().length) send(); else redraw().catch(() => {}); }, 4000);
})();
