// SPDX-License-Identifier: Apache-2.0
// A form with a photograph shows how much of it is sent: <form data-upload> with [data-progress]
// (a <progress> and a place for the figure) and [data-refused]. Without this script the form is
// sent as any other. The request key of the form makes sending it again harmless.
"use strict";

(() => {
  const language = document.documentElement.lang;
  const inWords = (told) => (told && typeof told === "object" ? told[language] || told.en : told || "");
  document.addEventListener("submit", (event) => {
    const form = event.target;
    const files = [...form.querySelectorAll("input[type=file]")].flatMap((input) => [...input.files]);
    if (!form.matches("[data-upload]") || event.defaultPrevented || !files.length) return;
    const shown = form.querySelector("[data-progress]"), refused = form.querySelector("[data-refused]");
    if (!shown || !refused) return;
    event.preventDefault();
    const button = form.querySelector("button[type=submit]");
    const bar = shown.querySelector("progress"), figure = shown.querySelector(".num");
    const request = new XMLHttpRequest();
    const settle = () => { button.disabled = false; shown.hidden = true; };
    button.disabled = true;
    refused.hidden = true;
    shown.hidden = false;
    request.upload.addEventListener("progress", (sent) => {
      if (!sent.lengthComputable) return;
      bar.value = Math.round(100 * sent.loaded / sent.total);
      figure.textContent = `${bar.value} %`;
    });
    request.addEventListener("load", () => {
      let said = {};
      try { said = JSON.parse(request.responseText); } catch { /* a page of an error: shown below */ }
      if (request.status < 300 && said.to) { location.assign(said.to); return; }
      settle();
      refused.textContent = [said.say, said.do].map(inWords).filter(Boolean).join(" ") || `${request.status}`;
      refused.hidden = false;
    });
    request.addEventListener("error", () => {
      // The server is away: the browser's own way of sending says so, and the key stays the same.
      settle();
      form.removeAttribute("data-upload");
      form.requestSubmit(button);
    });
    request.open("POST", form.action);
    request.setRequestHeader("Accept", "application/json");
    request.send(new FormData(form));
  }, true);
})();
