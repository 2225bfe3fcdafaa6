// SPDX-License-Identifier: Apache-2.0
// Pages of hand-overs: a scanned thing or box goes into the list, a scanned badge into its field.
//
// form[data-handover]  a list (textarea "list"), how many are listed ([data-count]), a badge field
//                      ("receiver" or "witness_badge") with its PIN field after it
// form[data-receive]   a badge field alone
"use strict";

(() => {
  const forms = [...document.querySelectorAll("form[data-handover], form[data-receive]")];
  if (!forms.length) return;
  const lines = (list) => list.value.split(/[\n,;]+/).map((one) => one.trim()).filter(Boolean);
  const tell = (form) => {
    const count = form.querySelector("[data-count]");
    if (count) count.textContent = `${count.dataset.words} ${lines(form.elements.list).length}`;
  };
  // A scan goes into the form in which somebody works; on a page just opened, into the first.
  const here = () => forms.find((form) => form.contains(document.activeElement)) || forms[0];

  document.addEventListener("osteon:scan", (event) => {
    const form = here(), list = form.elements.list;
    const badge = form.elements.receiver || form.elements.witness_badge;
    const pin = form.elements.receiver_pin || form.elements.witness_pin;
    const text = event.detail.text.replace(/\s/g, "").toUpperCase();
    // The two characters of the label itself are not part of the code.
    const code = text.slice(0, 9);
    if (text.startsWith("K") && badge) {
      event.preventDefault();
      badge.value = code;
      pin.focus();
    } else if (list) {
      event.preventDefault();
      if (!lines(list).includes(code)) list.value = [...lines(list), code].join("\n") + "\n";
      list.scrollTop = list.scrollHeight;
      tell(form);
    }
  });
  for (const form of forms) {
    if (!form.elements.list) continue;
    form.elements.list.addEventListener("input", () => tell(form));
    tell(form);
  }
})();
