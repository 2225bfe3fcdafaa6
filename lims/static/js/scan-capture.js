// SPDX-License-Identifier: Apache-2.0
// A scanner that types: read by physical key, so that an Arabic or French layout spoils no code.
//
// A burst (at least 6 keys, none later than 50 ms after the one before by event.timeStamp, ended by
// Enter or Tab) is a scan wherever the focus is; what it typed into another field is taken back.
// Fires "osteon:scan" on document, cancelable, detail {text, source: "wedge"|"typed"}. Unless
// somebody (bench.js) takes it, form[data-scan] is filled in and sent, or, where there is none and
// body has data-find="URL", the page URL?code=TEXT is opened.
// The server checks the check character: a code cut short is refused there, never here.
"use strict";

(() => {
  const GAP = 50, LEAST = 6;
  const SIGNS = { Minus: "-", NumpadSubtract: "-", Period: ".", NumpadDecimal: ".", Slash: "/", BracketRight: "]" };
  let burst = "", last = -Infinity, before = null;

  const physical = (event) => {
    if (/^Key[A-Z]$/.test(event.code)) return event.code[3];
    if (/^(Digit|Numpad)\d$/.test(event.code)) return event.code.slice(-1);
    return SIGNS[event.code] || "";
  };

  const box = () => document.querySelector("form[data-scan] input#scan");
  const writable = (element) =>
    element?.matches?.("input:not([type=checkbox],[type=radio],[type=button],[type=submit]),textarea");

  const give = (text, source) => {
    const event = new CustomEvent("osteon:scan", { detail: { text, source }, cancelable: true });
    if (!document.dispatchEvent(event)) return;
    const input = box();
    if (input) {
      input.value = text;
      input.form.dataset.source = source;
      input.form.requestSubmit();
    } else if (document.body.dataset.find) {
      location.assign(`${document.body.dataset.find}?code=${encodeURIComponent(text)}`);
    }
  };

  // Put back what a field held before the scanner typed into it.
  const undo = () => {
    if (before && before.field.isConnected && before.field !== box()) {
      before.field.value = before.value;
      before.field.dispatchEvent(new Event("input", { bubbles: true }));
    }
  };

  const insert = (input, text) => {
    const from = input.selectionStart ?? input.value.length;
    input.setRangeText(text, from, input.selectionEnd ?? from, "end");
    input.dispatchEvent(new Event("input", { bubbles: true }));
  };

  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (/^(Shift|CapsLock|Control|Alt|Meta)/.test(event.key)) return;
    const late = event.timeStamp - last > GAP;
    if (late) burst = "";
    last = event.timeStamp;

    if ((event.key === "Enter" || event.key === "Tab") && burst.length >= LEAST) {
      const text = burst;
      burst = "";
      event.preventDefault();
      event.stopImmediatePropagation();
      const field = before?.field;
      if (field?.dir === "ltr" && field.closest("dialog[open]")) {
        // A dialog that asks for a code: the scan is its answer, sent by a button.
        field.value = text;
        return;
      }
      undo();
      if (document.querySelector("dialog[open]")) return; // A reason is being asked: finish that first.
      give(text, "wedge");
      return;
    }
    const key = physical(event);
    if (!key) { burst = ""; return; }
    if (!burst) before = writable(event.target) ? { field: event.target, value: event.target.value } : null;
    burst += key;
    // By hand into the scan box: the character on the key if it is Latin, else the one printed
    // beside it. Everything in capitals, as labels are.
    if (event.target === box()) {
      event.preventDefault();
      insert(event.target, (/^[\x21-\x7e]$/.test(event.key) ? event.key : key).toUpperCase());
    }
  }, true);

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("form[data-scan]")) return;
    const text = form.querySelector("#scan").value.trim();
    if (!text) { event.preventDefault(); return; }
    if (form.dataset.source) return; // Already given by a burst.
    const scan = new CustomEvent("osteon:scan", { detail: { text, source: "typed" }, cancelable: true });
    if (!document.dispatchEvent(scan)) event.preventDefault();
  }, true);
})();
