// SPDX-License-Identifier: Apache-2.0
// Receiving: what a scanner types goes into the scan box, wherever the focus is.
// Taking a dispatch list: the file may be dragged in, a large one shows how much is sent, and after
// a check the file stays chosen. Without script the form works as any other.
"use strict";

(() => {
  const read = document.querySelector("form[data-read]");
  document.addEventListener("osteon:scan", (event) => {
    if (!read) return;
    event.preventDefault();
    read.elements.read.value = event.detail.text;
    read.requestSubmit();
  });
})();

(() => {
  const form = document.querySelector("form[data-list]");
  if (!form) return;
  const input = form.querySelector("input[type=file]");
  const bar = form.querySelector("[data-sent-so-far]");
  const zone = form.querySelector("[data-drop]");

  const over = (on) => (event) => {
    event.preventDefault();
    zone.classList.toggle("over", on);
  };
  zone.addEventListener("dragover", over(true));
  zone.addEventListener("dragleave", over(false));
  zone.addEventListener("drop", (event) => {
    over(false)(event);
    if (event.dataTransfer.files.length) input.files = event.dataTransfer.files;
  });

  // What the server answers: the dispatch's page, or this page again with the verdicts.
  const show = (request) => {
    const there = new URL(request.responseURL || location.href);
    if (there.pathname !== new URL(form.action).pathname) {
      location.assign(there);
      return;
    }
    const answered = new DOMParser().parseFromString(request.responseText, "text/html");
    const checked = answered.getElementById("checked");
    if (!checked) {
      // Another page speaks of what was wrong; the browser shows it as it would without script.
      form.removeEventListener("submit", send);
      form.requestSubmit(form.querySelector("button[value=check]"));
      return;
    }
    document.getElementById("checked").replaceWith(document.adoptNode(checked));
    checked.scrollIntoView({ block: "start" });
  };

  const send = (event) => {
    event.preventDefault();
    const body = new FormData(form);
    body.append("act", event.submitter?.value || "check");
    const request = new XMLHttpRequest();
    request.upload.addEventListener("progress", (sent) => {
      bar.hidden = false;
      if (sent.lengthComputable) bar.value = (100 * sent.loaded) / sent.total;
    });
    request.addEventListener("loadend", () => {
      bar.hidden = true;
      if (request.status) show(request);
    });
    request.open("POST", form.action);
    request.send(body);
  };
  form.addEventListener("submit", send);
})();
