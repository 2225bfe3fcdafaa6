// SPDX-License-Identifier: Apache-2.0
// Pages of hand-overs: a scanned thing or box goes into the list, a scanned badge into its field.
//
// form[data-handover]  a list (textarea "list"), how many are listed ([data-count]), a badge field
//                      ("receiver" or "witness_badge") with its PIN field after it
// form[data-receive]   a badge field alone
"use strict";

(() => {
  const form = document.querySelector("form[data-handover], form[data-receive]");
  if (!form) return;
  const list = form.elements.list, count = form.querySelector("[data-count]");
  const badge = form.elements.receiver || form.elements.witness_badge;
  const pin = form.elements.receiver_pin || form.elements.witness_pin;
  const lines = () => list.value.split(/[\n,;]+/).map((one) => one.trim()).filter(Boolean);
  const tell = () => {
    if (count) count.textContent = `${count.dataset.words} ${lines().length}`;
  };

  document.addEventListener("osteon:scan", (event) => {
    const text = event.detail.text.replace(/\s/g, "").toUpperCase();
    if (text.startsWith("K") && badge) {
      event.preventDefault();
      badge.value = text.slice(0, 9);
      pin.focus();
    } else if (list) {
      event.preventDefault();
      // The label's own two characters are not part of the code.
      const code = text.slice(0, 9);
      if (!lines().includes(code)) list.value = [...lines(), code].join("\n") + "\n";
      list.scrollTop = list.scrollHeight;
      tell();
    }
  });
  if (list) list.addEventListener("input", tell);
  if (list) tell();
})();
