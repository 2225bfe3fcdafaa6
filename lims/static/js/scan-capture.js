// SPDX-License-Identifier: Apache-2.0
// A scanner that types: read by physical key, so that an Arabic, French or German layout, or Caps
// Lock, spoils no code.
//
// A burst (at least 6 keys, none later than 50 ms after the one before by event.timeStamp, ended by
// Enter or Tab) is a scan wherever the focus is; what it typed into another field is taken back. One
// pause of up to 500 ms in it is let pass if the whole is a code by its check character.
// Fires "osteon:scan" on document, cancelable, detail {text, source: "wedge"|"typed", symbology}.
// Unless somebody (bench.js) takes it, form[data-scan] is filled in and sent, or, where there is none
// and body has data-find="URL", the page URL?code=TEXT is opened. Where nobody waits for a scan a
// code is left in the field that has the focus.
//
// Scanners type as on an English (US) keyboard unless set otherwise. Where the letters that the
// browser saw differ from the keys, the check character says which of the two is meant; where it
// cannot, nothing is guessed and "osteon:fault" is fired, detail {kind}: cut (half a code), merged
// (two codes in one read), twofold (both readings are codes), layout (no code of ours, and the
// keyboard is not English), endless (no Enter came), busy (a question is open on the page).
// Its words are in body's data-scan-words, by kind. The server checks every code again.
"use strict";

window.OsteonScans = (() => {
  const GAP = 50, LEAST = 6, ENDLESS = 300, HITCH = 500;
  const ALPHABET = "34679CDFGHJKMNPQRTVWXY", ISO = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ*";
  const SHAPE = new RegExp(`^[BRAXPCLKTMG][${ALPHABET}]{8}([${ALPHABET}]{2})?$`);
  // Of an English (US) keyboard: the sign on a key, and the one above it.
  const SIGNS = {
    Minus: "-_", Period: ".>", Slash: "/?", BracketRight: "]}", BracketLeft: "[{", Equal: "=+", Semicolon: ";:",
    Quote: "'\"", Comma: ",<", Backquote: "`~", Backslash: "\\|", Space: "  ", NumpadSubtract: "--", NumpadDecimal: "..",
    NumpadDivide: "//", NumpadAdd: "++", NumpadMultiply: "**",
  };
  const ABOVE = ")!@#$%^&*(";
  const TOLD = "osteon.wedge"; // Which of the two readings this browser's scanner has proven.
  let keys = [], last = -Infinity, ended = -Infinity, before = new Map(), timer = 0, hitch = 0;

  // ISO 7064 MOD 37-2 over the first 8 characters.
  const isCode = (text) => {
    if (!SHAPE.test(text)) return false;
    let total = 0;
    for (const letter of text.slice(0, 8)) total = (total + ISO.indexOf(letter)) * 2 % 37;
    return ISO[(38 - total) % 37] === text[8];
  };

  const physical = (event) => {
    if (/^Key[A-Z]$/.test(event.code)) return event.code[3];
    if (/^(Digit|Numpad)\d$/.test(event.code)) {
      const figure = event.code.slice(-1);
      return event.shiftKey && event.code.startsWith("Digit") ? ABOVE[figure] : figure;
    }
    if (SIGNS[event.code]) return SIGNS[event.code][event.shiftKey ? 1 : 0];
    // A keyboard without keys (of a telephone) names none.
    return !event.code && /^[\x20-\x7e]$/.test(event.key) ? event.key.toUpperCase() : "";
  };

  const box = () => document.querySelector("form[data-scan] input#scan");
  const writable = (element) =>
    element?.matches?.("input:not([type=checkbox],[type=radio],[type=button],[type=submit]),textarea");

  const fault = (kind) => {
    if (!document.dispatchEvent(new CustomEvent("osteon:fault", { detail: { kind }, cancelable: true }))) return;
    window.Osteon?.say(JSON.parse(document.body.dataset.scanWords || "{}")[kind]);
  };

  // The text without its AIM identifier, as ]d1; several in one read are several codes.
  const bare = (text) => {
    const marks = [...text.matchAll(/\][A-Z]\d/gi)];
    if (marks.length > 1 || (marks.length && marks[0].index)) return { merged: true, text };
    const symbology = marks.length ? marks[0][0] : "";
    return { symbology, text: text.slice(symbology.length).trim() };
  };

  const merges = (text) => text.length > 11 && [9, 11].some((at) => isCode(text.slice(0, at)) && isCode(text.slice(at)));

  // What was read: {text, symbology}, or {fault}.
  const decide = (burst) => {
    const meant = bare(burst.map((key) => key.physical).join(""));
    const seen = bare(burst.map((key) => (key.seen.length === 1 ? key.seen : "\0")).join("").toUpperCase());
    if (meant.merged || merges(meant.text) || merges(seen.text)) return { fault: "merged" };
    if (meant.symbology) meant.symbology = `]${burst[1].shift ? meant.symbology[1] : meant.symbology[1].toLowerCase()}${meant.symbology[2]}`;
    const alike = meant.text === seen.text, one = isCode(meant.text), other = isCode(seen.text);
    if (!alike && one && other) return { fault: "twofold" };
    if (!alike && one !== other) localStorage.setItem(TOLD, one ? "physical" : "seen");
    if (one || alike) return meant;
    if (other) return seen;
    // No code of ours: the number of others on a bag. No scanner types letters that are not Latin.
    if (/[^\x20-\x7e]/.test(seen.text)) return meant;
    const told = localStorage.getItem(TOLD);
    return told ? (told === "seen" ? seen : meant) : { fault: "layout" };
  };

  const give = (text, source, symbology = "") => {
    const event = new CustomEvent("osteon:scan", { detail: { text, source, symbology }, cancelable: true });
    if (!document.dispatchEvent(event)) return true;
    const input = box();
    if (input) {
      input.value = text;
      input.form.dataset.source = source;
      input.form.requestSubmit();
    } else if (document.body.dataset.find) {
      location.assign(`${document.body.dataset.find}?code=${encodeURIComponent(text)}`);
    } else {
      return false;
    }
    return true;
  };

  const put = (field, value) => {
    field.value = value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  };
  // Put back what the fields held before the scanner typed into them; return what they held now.
  const undo = () => [...before].filter(([field]) => field.isConnected && field !== box()).map(([field, value]) => {
    const now = field.value;
    put(field, value);
    return [field, now];
  });

  const insert = (input, text) => {
    const from = input.selectionStart ?? input.value.length;
    input.setRangeText(text, from, input.selectionEnd ?? from, "end");
    input.dispatchEvent(new Event("input", { bubbles: true }));
  };

  // Return whether the burst was a scan, or what is left of one.
  const finish = (burst, target) => {
    const read = decide(burst), code = !read.fault && isCode(read.text);
    const dialog = document.querySelector("dialog[open]");
    if (dialog) {
      // A dialog that asks for a code: the scan is its answer, sent by a button.
      const asked = [...before.keys()].find((field) => field.dir === "ltr" && field.closest("dialog[open]"));
      if (asked && code) {
        put(asked, read.text);
      } else if (code || read.fault) {
        undo();
        fault(read.fault || "busy");
      } else {
        return false;
      }
      return true;
    }
    const typed = undo();
    if (read.fault && (box() || read.fault !== "layout")) {
      if (box()) box().value = "";
      fault(read.fault);
      return true;
    }
    if (!read.fault && give(read.text, "wedge", read.symbology)) return true;
    if (!code) {
      typed.forEach(([field, value]) => put(field, value)); // Fast typing of somebody or something else.
      return false;
    }
    if (writable(target)) put(target, target.dir === "ltr" ? read.text : (before.get(target) ?? target.value) + read.text);
    else fault("nowhere");
    return true;
  };

  const forget = () => {
    clearTimeout(timer);
    keys = [];
    hitch = 0;
    before = new Map();
  };

  // A computer that hesitates once splits a burst in two: they belong together if they make a code.
  const whole = (burst) => {
    const read = decide(burst);
    return !read.fault && isCode(read.text);
  };

  addEventListener("keydown", (event) => {
    if (/^(Shift|CapsLock|NumLock|Control|Alt|AltGraph|Meta|Dead$)/.test(event.key) && !physical(event)) return;
    const fast = event.timeStamp - last <= GAP;
    // A line feed after the carriage return, or either of them as a control key.
    const control = event.ctrlKey && /^Key[JM]$/.test(event.code);
    const end = event.key === "Enter" || event.key === "Tab" || (control && fast);
    if (end && !keys.length && event.timeStamp - ended <= GAP) {
      event.preventDefault();
      event.stopImmediatePropagation();
      return;
    }
    if (event.metaKey || event.altKey || (event.ctrlKey && !end) || event.repeat) { forget(); return; }
    // A secret is nobody's scan; at a bench a scan may come while a PIN is awaited.
    if (event.target.type === "password" && !event.target.closest("form.pad")) { forget(); return; }
    if (!fast && keys.length && !hitch && event.timeStamp - last <= HITCH) hitch = keys.length;
    else if (!fast) forget();
    last = event.timeStamp;
    if (end) {
      const split = hitch && !whole(keys), burst = split ? keys.slice(hitch) : keys;
      const half = box() && burst.length >= 3 && (split || burst.length < LEAST);
      clearTimeout(timer);
      keys = [];
      hitch = 0;
      if (half || (burst.length >= LEAST && finish(burst, event.target))) {
        if (half) {
          undo();
          box().value = "";
          fault("cut");
        }
        ended = event.timeStamp;
        event.preventDefault();
        event.stopImmediatePropagation();
      }
      before = new Map();
      return;
    }
    const key = physical(event);
    if (!key) { forget(); return; }
    if (writable(event.target) && !before.has(event.target)) before.set(event.target, event.target.value);
    keys.push({ physical: key, seen: event.key, shift: event.shiftKey });
    clearTimeout(timer);
    if (keys.length >= 9 && box()) {
      timer = setTimeout(() => {
        undo();
        box().value = "";
        forget();
        fault("endless");
      }, ENDLESS);
    }
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

  return { give, fault, isCode };
})();
