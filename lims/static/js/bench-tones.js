// SPDX-License-Identifier: Apache-2.0
// Tones of a bench's page: they repeat the screen, never replace it.
//
// BenchTones.play(verdict)   accepted, refused, stop, stored or unknown; silent until the browser
//                            allows sound: button[data-sound] asks for it.
"use strict";

window.BenchTones = (() => {
  const TONES = { // [hertz, start s, length s, wave]
    accepted: [[880, 0, 0.08]],
    refused: [[220, 0, 0.3], [220, 0.42, 0.3]],
    stop: [[110, 0, 0.35, "sawtooth"], [110, 0.42, 0.35, "sawtooth"], [110, 0.84, 0.7, "sawtooth"]],
    stored: [[523, 0, 0.12], [523, 0.2, 0.12]],
    unknown: [[523, 0, 0.12], [880, 0.16, 0.16]],
  };
  const Context = window.AudioContext || window.webkitAudioContext;
  let audio = null;
  const button = document.querySelector("[data-sound]");
  const show = () => {
    if (button) button.hidden = !Context || audio?.state === "running";
  };
  const wake = () => {
    if (!Context) return;
    audio = audio || new Context();
    audio.resume().then(show, show);
  };
  ["pointerdown", "keydown"].forEach((name) => addEventListener(name, wake, { once: true, capture: true }));
  button?.addEventListener("click", wake);
  show();

  const play = (verdict) => {
    if (audio?.state !== "running") return;
    for (const [hertz, start, length, shape] of TONES[verdict] || []) {
      const at = audio.currentTime + start, wave = audio.createOscillator(), gain = audio.createGain();
      wave.type = shape || "sine";
      wave.frequency.value = hertz;
      gain.gain.setValueAtTime(0.0001, at);
      gain.gain.exponentialRampToValueAtTime(0.35, at + 0.01);
      gain.gain.setValueAtTime(0.35, at + length - 0.015);
      gain.gain.exponentialRampToValueAtTime(0.0001, at + length);
      wave.connect(gain).connect(audio.destination);
      wave.start(at);
      wave.stop(at + length + 0.02);
    }
  };
  return { play };
})();
