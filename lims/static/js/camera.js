// SPDX-License-Identifier: Apache-2.0
// The camera of a telephone or tablet as a scanner, where the browser can read codes by itself
// (BarcodeDetector). No library, and no picture leaves the browser.
//
// button[data-camera]   shown where there may be a camera; data-words='{...}' with the keys title,
//                       close, unable, insecure, denied, none, aim, two
// A code counts when two looks one after the other see it and nothing else: it is given as a scan of
// source "camera" (scan-capture.js). With two codes in view nothing is taken, and the page says so.
"use strict";

(() => {
  const FORMATS = { data_matrix: "]d1", code_128: "]C0", qr_code: "]Q1" };
  const LOOK = 120; // ms between looks
  const button = document.querySelector("button[data-camera]");
  if (!button) return;
  const words = JSON.parse(button.dataset.words || "{}");
  const able = isSecureContext && navigator.mediaDevices?.getUserMedia && "BarcodeDetector" in window;
  // A desk has its scanner: there a camera is offered only where it would work.
  button.hidden = !able && !matchMedia("(pointer: coarse)").matches;

  const make = (name, className, text) => {
    const element = document.createElement(name);
    if (className) element.className = className;
    if (text) element.textContent = text;
    return element;
  };

  const look = async () => {
    const dialog = make("dialog", "camera"), video = make("video"), line = make("p", "", words.aim);
    const close = make("button", "btn", words.close);
    close.type = "button";
    video.muted = true;
    video.playsInline = true;
    line.setAttribute("role", "status");
    dialog.setAttribute("aria-label", words.title);
    dialog.append(make("h2", "", words.title), video, line, close);
    document.body.append(dialog);
    let stream = null, timer = 0, before = "";
    const end = () => {
      clearTimeout(timer);
      stream?.getTracks().forEach((track) => track.stop());
      dialog.remove();
      button.focus();
    };
    close.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", end);
    dialog.showModal();
    const refuse = (why) => { line.textContent = why; video.hidden = true; };
    if (!able) { refuse(isSecureContext ? words.unable : words.insecure); return; }
    try {
      const known = await window.BarcodeDetector.getSupportedFormats();
      const formats = Object.keys(FORMATS).filter((format) => known.includes(format));
      if (!formats.length) { refuse(words.unable); return; }
      const detector = new window.BarcodeDetector({ formats });
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" }, audio: false });
      if (!dialog.open) { end(); return; }
      video.srcObject = stream;
      await video.play();
      const turn = async () => {
        if (!dialog.open) return;
        const found = await detector.detect(video).catch(() => []);
        const texts = new Set(found.map((code) => code.rawValue));
        line.textContent = texts.size > 1 ? words.two : words.aim;
        const one = texts.size === 1 ? found[0] : null;
        if (one && one.rawValue === before && dialog.open) {
          dialog.close();
          window.OsteonScans.give(one.rawValue.trim().toUpperCase(), "camera", FORMATS[one.format] || "");
          return;
        }
        before = one ? one.rawValue : "";
        timer = setTimeout(turn, LOOK);
      };
      turn();
    } catch (error) {
      refuse(error.name === "NotAllowedError" ? words.denied : error.name === "NotFoundError" ? words.none : words.unable);
    }
  };
  button.addEventListener("click", look);
})();
