// SPDX-License-Identifier: Apache-2.0
// Figures, PINs and choices at a bench, by touch or by a number pad, with gloves on.
//
// form.pad[data-secret] asks for a PIN: its input has the focus, so that keys need no touch before
//                       them; a scanner that types is told by its speed (scan-capture.js) and
//                       spoils nothing.
// [data-key]            a key on the screen: touching it takes the focus from nobody.
// Figures and Enter in the scan box are no code: they answer what is asked, and where choices are
// shown 1 is the first of them.
//
// BenchPad.field(root)  the input of a PIN that waits, or null
// BenchPad.name(input)  what it waits for
// BenchPad.typing()     whether somebody has begun to fill something in
"use strict";

window.BenchPad = (() => {
  const field = (root) => root.querySelector("form.pad[data-secret] input[name=value]");
  const name = (input) => `${input.form.dataset.entry} ${input.form.querySelector("label")?.textContent || ""}`;
  const typing = () => {
    const now = document.activeElement;
    if (!now?.matches("input:not(#scan),select,textarea")) return false;
    return !now.closest("form.pad") || now.value !== now.defaultValue;
  };

  document.addEventListener("pointerdown", (event) => {
    if (event.target.closest("[data-key]")) event.preventDefault();
  });
  document.addEventListener("click", (event) => {
    const key = event.target.closest("[data-bench] [data-key]");
    if (!key) return;
    const input = key.closest(".pad").querySelector("input[name=value]");
    const what = key.dataset.key, room = input.maxLength < 0 || input.value.length < input.maxLength;
    if (what === "back") input.value = input.value.slice(0, -1);
    else if (room && (what !== "." || !input.value.includes("."))) input.value += what;
    input.dispatchEvent(new Event("input", { bubbles: true }));
  });

  document.addEventListener("osteon:scan", (event) => {
    const { text, source } = event.detail;
    if (source !== "typed" || !/^[0-9]{1,7}([.,][0-9]{1,4})?$/.test(text)) return;
    const choice = document.querySelectorAll("form.pad button[name=value]")[Number(text) - 1];
    const input = document.querySelector("form.pad:not([data-secret]) input[name=value]");
    if (!choice && !input) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const box = document.querySelector("#scan");
    if (box) box.value = "";
    if (choice) {
      choice.click();
    } else {
      input.value = text.replace(",", ".");
      input.form.requestSubmit();
    }
  });

  return { field, name, typing };
})();
